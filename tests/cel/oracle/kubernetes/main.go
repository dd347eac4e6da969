// The CEL of a real Kubernetes API server, as a filter: one request a line on
// standard input, one answer a line on standard output.
//
// {"schema": {...}, "expr": "...", "self": ..., "oldSelf": ...,
//
//	"optional": true, "root": true}: an expression where `self` is of the
//	schema's type. {"value": "..."} or {"error": "...", "at": "create",
//	"program" or "evaluate"}.
//
// {"schema": {...}, "self": ..., "oldSelf": ...}: the rules of a schema on an
// object. {"errors": ["..."]}.
//
// {"crd": {...}}: a CustomResourceDefinition. {"errors": ["..."]}.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemacel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"

	"weir/tests/cel/oracle/filter"
)

type request struct {
	Schema   json.RawMessage `json:"schema"`
	Expr     string          `json:"expr"`
	Self     json.RawMessage `json:"self"`
	OldSelf  json.RawMessage `json:"oldSelf"`
	Optional bool            `json:"optional"`
	Root     bool            `json:"root"`
	Crd      json.RawMessage `json:"crd"`
}

type answer struct {
	Value  string    `json:"value,omitempty"`
	Error  string    `json:"error,omitempty"`
	At     string    `json:"at,omitempty"`
	Errors *[]string `json:"errors,omitempty"`
}

// The name of the type of `self` is another each time.
var selfType = regexp.MustCompile(`selfType[0-9]+`)

func errorsOf(list field.ErrorList) answer {
	texts := []string{}
	for _, e := range list {
		texts = append(texts, selfType.ReplaceAllString(e.Error(), "selfType"))
	}
	sort.Strings(texts)
	return answer{Errors: &texts}
}

func structural(raw json.RawMessage) (*schema.Structural, error) {
	var props v1.JSONSchemaProps
	if len(raw) == 0 {
		raw = json.RawMessage(`{"type": "object"}`)
	}
	if err := json.Unmarshal(raw, &props); err != nil {
		return nil, err
	}
	var internal apiextensions.JSONSchemaProps
	err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(
		&props, &internal, nil)
	if err != nil {
		return nil, err
	}
	return schema.NewStructural(&internal)
}

func answerExpression(r *request, s *schema.Structural) (a answer) {
	decl := model.SchemaDeclType(s, r.Root)
	if decl == nil {
		return answer{Error: "no declaration", At: "schema"}
	}
	decl = decl.MaybeAssignTypeName("selfType")
	old := decl.CelType()
	if r.Optional {
		old = types.NewOptionalType(old)
	}
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	set, err := base.Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions: []cel.EnvOption{
			cel.Variable("self", decl.CelType()), cel.Variable("oldSelf", old),
		},
		DeclTypes: []*apiservercel.DeclType{decl},
	})
	if err != nil {
		return answer{Error: err.Error(), At: "environment"}
	}
	env := set.StoredExpressionsEnv()
	ast, issues := env.Compile(r.Expr)
	if issues != nil {
		return answer{Error: issues.String(), At: "create"}
	}
	program, err := env.Program(ast, cel.CostLimit(celconfig.PerCallLimit))
	if err != nil {
		return answer{Error: err.Error(), At: "program"}
	}
	if r.Root {
		s = model.WithTypeAndObjectMeta(s)
	}
	data := map[string]any{}
	if self := decode(r.Self); self != nil {
		data["self"] = common.UnstructuredToVal(self, &model.Structural{Structural: s})
	}
	if oldSelf := decode(r.OldSelf); oldSelf != nil {
		value := common.UnstructuredToVal(oldSelf, &model.Structural{Structural: s})
		if r.Optional {
			value = types.OptionalOf(value)
		}
		data["oldSelf"] = value
	} else if r.Optional {
		data["oldSelf"] = types.OptionalNone
	}
	value, _, err := program.Eval(data)
	if err != nil {
		return answer{Error: err.Error(), At: "evaluate"}
	}
	return answer{Value: filter.Text(value)}
}

func answerTo(r *request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprintf("panic: %v", p)}
		}
	}()
	if len(r.Crd) > 0 {
		var crd v1.CustomResourceDefinition
		if err := json.Unmarshal(r.Crd, &crd); err != nil {
			return answer{Error: err.Error(), At: "crd"}
		}
		v1.SetDefaults_CustomResourceDefinition(&crd)
		v1.SetDefaults_CustomResourceDefinitionSpec(&crd.Spec)
		var internal apiextensions.CustomResourceDefinition
		err := v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(
			&crd, &internal, nil)
		if err != nil {
			return answer{Error: err.Error(), At: "crd"}
		}
		internal.Status.StoredVersions = nil
		for _, v := range internal.Spec.Versions {
			if v.Storage {
				internal.Status.StoredVersions = []string{v.Name}
			}
		}
		return errorsOf(validation.ValidateCustomResourceDefinition(
			context.Background(), &internal))
	}
	s, err := structural(r.Schema)
	if err != nil {
		return answer{Error: err.Error(), At: "schema"}
	}
	if r.Expr != "" {
		return answerExpression(r, s)
	}
	validator := schemacel.NewValidator(s, true, celconfig.PerCallLimit)
	self, old := decode(r.Self), decode(r.OldSelf)
	options := []schemacel.Option{}
	if old != nil {
		options = append(options, schemacel.WithRatcheting(
			common.NewCorrelatedObject(self, old, &model.Structural{Structural: s})))
	}
	list, _ := validator.Validate(context.Background(), nil, s, self, old,
		celconfig.RuntimeCELCostBudget, options...)
	return errorsOf(list)
}

func decode(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return filter.Numbers(value)
}

func main() {
	filter.Run(answerTo, func(err error) answer {
		return answer{Error: err.Error(), At: "request"}
	})
}
