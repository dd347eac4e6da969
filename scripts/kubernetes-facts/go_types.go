package main

import (
	"reflect"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	k8s "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// writing tells how Go writes each field, by "type/field": "p" for a pointer,
// "w" for one that is written though it is empty.
type writing struct {
	g    *generator
	out  map[string]string
	seen map[string]bool
}

func readWriting(g *generator, kinds []resource) map[string]string {
	types := runtime.NewScheme()
	must(scheme.AddToScheme(types))
	must(apiextensions.AddToScheme(types))
	must(aggregator.AddToScheme(types))
	w := writing{g: g, out: map[string]string{}, seen: map[string]bool{}}
	for _, r := range kinds {
		object, err := types.New(k8s.GroupVersionKind{
			Group: r.group, Version: r.version, Kind: r.kind})
		must(err)
		w.walk(reflect.TypeOf(object).Elem(), g.typeOfKind(r))
	}
	return w.out
}

func (w *writing) walk(t reflect.Type, name string) {
	if w.seen[name] {
		return
	}
	w.seen[name] = true
	properties, _ := w.g.schemas[name]["properties"].(schema)
	w.fields(t, name, properties)
}

func (w *writing) fields(t reflect.Type, name string, properties schema) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		tag := strings.Split(field.Tag.Get("json"), ",")
		if tag[0] == "" {
			if field.Type.Kind() == reflect.Struct {
				w.fields(field.Type, name, properties)
			} else if field.Type.Kind() == reflect.Pointer {
				w.fields(field.Type.Elem(), name, properties)
			}
			continue
		}
		property, ok := properties[tag[0]].(schema)
		if !ok {
			continue
		}
		options := strings.Join(tag[1:], ",")
		flags := ""
		if field.Type.Kind() == reflect.Pointer {
			flags = "p"
		}
		isStruct := field.Type.Kind() == reflect.Struct
		if !strings.Contains(options, "omitzero") &&
			(isStruct || !strings.Contains(options, "omitempty")) {
			flags += "w"
		}
		w.out[name+"/"+tag[0]] = flags
		w.descend(field.Type, property)
	}
}

func (w *writing) descend(t reflect.Type, property schema) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice ||
		t.Kind() == reflect.Map {
		if t.Kind() != reflect.Pointer && refOf(property) == "" {
			if items, ok := property["items"].(schema); ok {
				property = items
			} else if items, ok := property["additionalProperties"].(schema); ok {
				property = items
			}
		}
		t = t.Elem()
	}
	ref := refOf(property)
	if ref == "" || t.Kind() != reflect.Struct || special[ref] != "" {
		return
	}
	w.walk(t, ref)
}
