// The real CEL library with Flux's options, as a filter: one request a line
// on standard input, one answer a line on standard output.
//
// Request: {"expr": "...", "data": {...}, "checked": true,
//
//	"vars": ["self"], "output": "bool", "regex": true}
//
// Answer: {"value": "..."} or {"error": "...", "at": "create" or "evaluate"}.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"

	"weir/tests/cel/oracle/filter"
)

type request struct {
	Expr    string          `json:"expr"`
	Data    json.RawMessage `json:"data"`
	Checked bool            `json:"checked"`
	Vars    []string        `json:"vars"`
	Output  string          `json:"output"`
	Regex   bool            `json:"regex"`
}

type answer struct {
	Value string `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
	At    string `json:"at,omitempty"`
}

var outputs = map[string]*cel.Type{
	"bool": cel.BoolType, "string": cel.StringType, "int": cel.IntType,
}

func environment(r *request) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.HomogeneousAggregateLiterals(),
		cel.EagerlyValidateDeclarations(true),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(),
		ext.Strings(),
		ext.Sets(),
		ext.Encoders(),
	}
	if r.Regex {
		options = append(options, ext.Regex())
	}
	for _, name := range r.Vars {
		options = append(options,
			cel.Variable(name, cel.ObjectType("google.protobuf.Struct")))
	}
	return cel.NewEnv(options...)
}

func answerTo(r *request) (a answer) {
	at := "create"
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprintf("panic: %v", p), At: at}
		}
	}()
	env, err := environment(r)
	if err != nil {
		return answer{Error: err.Error(), At: "environment"}
	}
	parse := env.Parse
	if r.Checked {
		parse = env.Compile
	}
	ast, issues := parse(r.Expr)
	if issues != nil && issues.Err() != nil {
		return answer{Error: issues.String(), At: at}
	}
	if want, ok := outputs[r.Output]; ok && ast.OutputType() != want {
		return answer{Error: fmt.Sprintf(
			"CEL expression output type mismatch: expected %s, got %s",
			want, ast.OutputType()), At: at}
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize),
		cel.InterruptCheckFrequency(100))
	if err != nil {
		return answer{Error: err.Error(), At: "program"}
	}
	at = "evaluate"
	data, err := decode(r.Data)
	if err != nil {
		return answer{Error: err.Error(), At: "data"}
	}
	value, _, err := program.Eval(data)
	if err != nil {
		return answer{Error: err.Error(), At: at}
	}
	return answer{Value: filter.Text(value)}
}

func decode(raw json.RawMessage) (map[string]any, error) {
	if len(raw) == 0 {
		return map[string]any{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	object, ok := filter.Numbers(value).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("data is no object")
	}
	return object, nil
}

func main() {
	filter.Run(answerTo, func(err error) answer {
		return answer{Error: err.Error(), At: "request"}
	})
}
