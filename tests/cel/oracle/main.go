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
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
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
	return answer{Value: text(value)}
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
	object, ok := numbers(value).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("data is no object")
	}
	return object, nil
}

// As Kubernetes reads JSON: integers are int64, others float64.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return value
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20 || c == 0x7f:
			fmt.Fprintf(&b, "\\x%02x", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// One text for each value, which tells kinds apart.
func text(value ref.Val) string {
	switch v := value.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return strconv.FormatBool(bool(v))
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10) + "u"
	case types.Double:
		return "double(" + strconv.FormatFloat(float64(v), 'g', -1, 64) + ")"
	case types.String:
		return quoted(string(v))
	case types.Bytes:
		return "bytes(" + hex.EncodeToString([]byte(v)) + ")"
	case types.Timestamp:
		return "timestamp(" + v.Format(time.RFC3339Nano) + ")"
	case types.Duration:
		return "duration(" + strconv.FormatInt(int64(v.Duration), 10) + ")"
	case *types.Type:
		return "type(" + v.TypeName() + ")"
	case *types.Optional:
		if !v.HasValue() {
			return "optional.none"
		}
		return "optional(" + text(v.GetValue()) + ")"
	case traits.Mapper:
		var members []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			members = append(members, text(key)+": "+text(v.Get(key)))
		}
		sort.Strings(members)
		return "{" + strings.Join(members, ", ") + "}"
	case traits.Lister:
		var elements []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			elements = append(elements, text(it.Next()))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	return fmt.Sprintf("other(%T)", value)
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<24)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var r request
		a := answer{}
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			a = answer{Error: err.Error(), At: "request"}
		} else {
			a = answerTo(&r)
		}
		if err := encoder.Encode(a); err != nil {
			panic(err)
		}
		out.Flush()
	}
}
