// Writes facts about the public Kubernetes API as one compact text file: the
// kinds that the embedded API server serves and the types they use, without
// descriptions. Sources: the OpenAPI v3 documents and discovery documents
// that the Go module k8s.io/kubernetes carries.
//
// Run by hand: go run . > ../../libcommon/apiserver/data/kubernetes.facts
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

const version = "v1.36.3"

const notice = `# Facts about the Kubernetes API, derived from the OpenAPI and discovery
# documents of Kubernetes %s, Copyright The Kubernetes Authors, licensed
# under the Apache License 2.0. Written by scripts/kubernetes-facts; do not edit.
# K group version kind plural singular scope shortNames categories verbs subresources type
# T type [attributes]; F name type [attributes]
# types: s string, d date-time, y bytes, i int32, l int64, n number, b boolean,
#   x int-or-string, u quantity, a anything, o free-form object, [t] list,
#   {t} map, @type
# attributes: r required, p a pointer in Go, w written though empty, L=list type, K=list keys, M=map type, P=patch
#   strategy, G=patch merge key, D=default (JSON), E=values
`

type schema = map[string]any

type resource struct {
	group, version, kind, plural, singular, scope string
	short, categories, verbs, subresources        []string
}

var served = map[string]string{ // group/version -> resources ("" = all)
	"/v1": "configmaps secrets services serviceaccounts events endpoints " +
		"persistentvolumeclaims pods replicationcontrollers podtemplates " +
		"limitranges resourcequotas namespaces nodes persistentvolumes",
	"apiregistration.k8s.io/v1": "", "apps/v1": "", "events.k8s.io/v1": "",
	"authentication.k8s.io/v1": "", "authorization.k8s.io/v1": "",
	"autoscaling/v2": "", "autoscaling/v1": "", "batch/v1": "",
	"certificates.k8s.io/v1": "",
	"networking.k8s.io/v1":   "ingresses networkpolicies ingressclasses",
	"policy/v1":              "", "rbac.authorization.k8s.io/v1": "",
	"storage.k8s.io/v1": "storageclasses csidrivers csinodes " +
		"volumeattachments csistoragecapacities",
	"admissionregistration.k8s.io/v1": "validatingwebhookconfigurations " +
		"mutatingwebhookconfigurations validatingadmissionpolicies " +
		"validatingadmissionpolicybindings",
	"apiextensions.k8s.io/v1": "", "scheduling.k8s.io/v1": "priorityclasses",
	"coordination.k8s.io/v1": "", "node.k8s.io/v1": "",
	"discovery.k8s.io/v1": "", "flowcontrol.apiserver.k8s.io/v1": "",
}

var special = map[string]string{
	"io.k8s.apimachinery.pkg.api.resource.Quantity":                                         "u",
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString":                                       "x",
	"io.k8s.apimachinery.pkg.apis.meta.v1.Time":                                             "d",
	"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime":                                        "d",
	"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":                                         "o",
	"io.k8s.apimachinery.pkg.runtime.RawExtension":                                          "o",
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON":                         "a",
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray":       "a",
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool":        "a",
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "a",
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func readJSON(path string) schema {
	text, err := os.ReadFile(path)
	must(err)
	var out schema
	must(json.Unmarshal(text, &out))
	return out
}

func str(m schema, key string) string { s, _ := m[key].(string); return s }

func list(v any) []string {
	var out []string
	items, _ := v.([]any)
	for _, item := range items {
		out = append(out, item.(string))
	}
	return out
}

func moduleDir() string {
	out, err := exec.Command("go", "mod", "download", "-json",
		"k8s.io/kubernetes@"+version).Output()
	must(err)
	var info struct{ Dir string }
	must(json.Unmarshal(out, &info))
	return info.Dir
}

func isServed(r resource) bool {
	names, ok := served[r.group+"/"+r.version]
	if !ok || names == "" {
		return ok
	}
	for _, name := range strings.Fields(names) {
		if name == r.plural {
			return true
		}
	}
	return false
}

func coreResources(dir string) []resource {
	doc := readJSON(filepath.Join(dir, "api/discovery/api__v1.json"))
	var out []resource
	subs := map[string][]string{}
	for _, item := range doc["resources"].([]any) {
		r := item.(schema)
		name := str(r, "name")
		if base, sub, found := strings.Cut(name, "/"); found {
			subs[base] = append(subs[base], sub)
			continue
		}
		scope := "C"
		if r["namespaced"] == true {
			scope = "N"
		}
		out = append(out, resource{version: "v1", kind: str(r, "kind"),
			plural: name, singular: str(r, "singularName"), scope: scope,
			short: list(r["shortNames"]), categories: list(r["categories"]),
			verbs: list(r["verbs"])})
	}
	for i := range out {
		out[i].subresources = subs[out[i].plural]
	}
	return out
}

func groupResources(dir string) []resource {
	doc := readJSON(filepath.Join(dir, "api/discovery/aggregated_v2.json"))
	var out []resource
	for _, g := range doc["items"].([]any) {
		group := str(g.(schema)["metadata"].(schema), "name")
		for _, v := range g.(schema)["versions"].([]any) {
			for _, item := range v.(schema)["resources"].([]any) {
				r := item.(schema)
				res := resource{group: group, version: str(v.(schema), "version"),
					kind:     str(r["responseKind"].(schema), "kind"),
					plural:   str(r, "resource"),
					singular: str(r, "singularResource"),
					scope:    str(r, "scope")[:1], short: list(r["shortNames"]),
					categories: list(r["categories"]), verbs: list(r["verbs"])}
				subs, _ := r["subresources"].([]any)
				for _, sub := range subs {
					res.subresources = append(res.subresources,
						str(sub.(schema), "subresource"))
				}
				out = append(out, res)
			}
		}
	}
	return out
}

type generator struct {
	schemas map[string]schema
	queue   []string
	seen    map[string]bool
	enums   map[string]string
	writing map[string]string
}

func refOf(s schema) string {
	if ref := str(s, "$ref"); ref != "" {
		return strings.TrimPrefix(ref, "#/components/schemas/")
	}
	if all, ok := s["allOf"].([]any); ok && len(all) == 1 {
		return refOf(all[0].(schema))
	}
	return ""
}

func (g *generator) typeOf(s schema) string {
	if ref := refOf(s); ref != "" {
		if code, ok := special[ref]; ok {
			return code
		}
		target := g.schemas[ref]
		if target == nil {
			log.Fatalf("no schema %s", ref)
		}
		_, has := target["properties"]
		if !has && str(target, "type") != "object" {
			return g.typeOf(target)
		}
		if !has && target["additionalProperties"] == nil {
			return "@" + g.visit(ref)
		}
		return "@" + g.visit(ref)
	}
	switch str(s, "type") {
	case "string":
		switch str(s, "format") {
		case "date-time":
			return "d"
		case "byte":
			return "y"
		case "int-or-string":
			return "x"
		}
		return "s"
	case "integer":
		if str(s, "format") == "int32" {
			return "i"
		}
		return "l"
	case "number":
		return "n"
	case "boolean":
		return "b"
	case "array":
		return "[" + g.typeOf(s["items"].(schema)) + "]"
	case "object":
		if items, ok := s["additionalProperties"].(schema); ok {
			return "{" + g.typeOf(items) + "}"
		}
		return "o"
	}
	return "a"
}

func (g *generator) visit(name string) string {
	if !g.seen[name] {
		g.seen[name] = true
		g.queue = append(g.queue, name)
	}
	return name
}

var (
	schemaLine   = regexp.MustCompile(`^func schema_(\w+)\(`)
	propertyLine = regexp.MustCompile(`^\t{5}"([^"]+)": \{$`)
	enumLine     = regexp.MustCompile(`^\t{7}Enum: +\[\]interface\{\}\{(.*)\},$`)
)

// The values of enumerated string fields, by "schema function/field": the
// published documents leave them out, the generated definitions have them.
func readEnums(dir string) map[string]string {
	text, err := os.ReadFile(filepath.Join(dir,
		"pkg/generated/openapi/zz_generated.openapi.go"))
	must(err)
	out := map[string]string{}
	var name, field string
	for _, line := range strings.Split(string(text), "\n") {
		if m := schemaLine.FindStringSubmatch(line); m != nil {
			name, field = m[1], ""
		} else if m := propertyLine.FindStringSubmatch(line); m != nil {
			field = m[1]
		} else if m := enumLine.FindStringSubmatch(line); m != nil {
			values := strings.ReplaceAll(m[1], ", ", ",")
			out[name+"/"+field] = strings.ReplaceAll(values, `"`, "")
		}
	}
	return out
}

// "io.k8s.api.apps.v1.X" -> "k8sio_api_apps_v1_X".
func functionName(name string) string {
	name = strings.Replace(name, "io.k8s.", "k8sio_", 1)
	name = strings.ReplaceAll(name, "-", "_")
	return strings.ReplaceAll(name, ".", "_")
}

func attributes(s schema, required bool, writing, enum string) string {
	var out strings.Builder
	if required {
		out.WriteString(" r")
	}
	for _, flag := range writing {
		out.WriteString(" " + string(flag))
	}
	add := func(key, value string) {
		if value != "" {
			out.WriteString(" " + key + "=" + value)
		}
	}
	add("L", str(s, "x-kubernetes-list-type"))
	add("K", strings.Join(list(s["x-kubernetes-list-map-keys"]), ","))
	add("M", str(s, "x-kubernetes-map-type"))
	add("P", str(s, "x-kubernetes-patch-strategy"))
	add("G", str(s, "x-kubernetes-patch-merge-key"))
	if value, ok := s["default"]; ok {
		if text, err := json.Marshal(value); err == nil && string(text) != "{}" {
			add("D", string(text))
		}
	}
	add("E", enum)
	return out.String()
}

func (g *generator) write(out *bufio.Writer, name string) {
	s := g.schemas[name]
	fmt.Fprintf(out, "T %s%s\n", name, attributes(s, false, "", ""))
	required := map[string]bool{}
	for _, field := range list(s["required"]) {
		required[field] = true
	}
	properties, _ := s["properties"].(schema)
	names := make([]string, 0, len(properties))
	for field := range properties {
		names = append(names, field)
	}
	sort.Strings(names)
	for _, field := range names {
		p := properties[field].(schema)
		enum := g.enums[functionName(name)+"/"+field]
		fmt.Fprintf(out, "F %s %s%s\n", field, g.typeOf(p),
			attributes(p, required[field],
				g.writing[name+"/"+field], enum))
	}
}

func orDash(items []string) string {
	if len(items) == 0 {
		return "-"
	}
	return strings.Join(items, ",")
}

func (g *generator) typeOfKind(r resource) string {
	for name, s := range g.schemas {
		gvks, _ := s["x-kubernetes-group-version-kind"].([]any)
		if len(gvks) == 0 {
			continue
		}
		gvk := gvks[0].(schema)
		if str(gvk, "group") == r.group && str(gvk, "version") == r.version &&
			str(gvk, "kind") == r.kind {
			return name
		}
	}
	log.Fatalf("no type for %s %s", r.group, r.kind)
	return ""
}

func main() {
	dir := moduleDir()
	g := &generator{schemas: map[string]schema{}, seen: map[string]bool{},
		enums: readEnums(dir)}
	files, err := filepath.Glob(filepath.Join(dir, "api/openapi-spec/v3/*.json"))
	must(err)
	for _, file := range files {
		components, _ := readJSON(file)["components"].(schema)
		schemas, _ := components["schemas"].(schema)
		for name, s := range schemas {
			g.schemas[name] = s.(schema)
		}
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, notice, version)
	var kinds []resource
	for _, r := range append(coreResources(dir), groupResources(dir)...) {
		if isServed(r) {
			kinds = append(kinds, r)
		}
	}
	g.writing = readWriting(g, kinds)
	for _, r := range kinds {
		group := r.group
		if group == "" {
			group = "-"
		}
		fmt.Fprintf(out, "K %s %s %s %s %s %s %s %s %s %s %s\n", group, r.version,
			r.kind, r.plural, r.singular, r.scope, orDash(r.short),
			orDash(r.categories), orDash(r.verbs), orDash(r.subresources),
			g.visit(g.typeOfKind(r)))
	}
	for len(g.queue) > 0 {
		name := g.queue[0]
		g.queue = g.queue[1:]
		g.write(out, name)
	}
}
