// Runs templates with Go's text/template and Sprig. Each line of the input is
// {"t": template, "m": missingkey option, "d": data, "x": whether integers of
// the data are int64 (otherwise all numbers are float64)}; all but "t" may
// lack, and data is then the file's. Each line of the output repeats them and
// adds the output "o" or the error "e".
//
//	go run . ../data.json < cases > goldens
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

type record struct {
	Template string          `json:"t"`
	Missing  string          `json:"m,omitempty"`
	Data     json.RawMessage `json:"d,omitempty"`
	Integers bool            `json:"x,omitempty"`
	Output   *string         `json:"o,omitempty"`
	Error    *string         `json:"e,omitempty"`
}

// Integers become int64 or uint64, all other numbers float64.
func withIntegers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			v[key] = withIntegers(member)
		}
	case []any:
		for i, item := range v {
			v[i] = withIntegers(item)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	return value
}

func run(r *record, data []byte, funcs template.FuncMap) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("PANIC: %v", p)
		}
	}()
	if r.Data != nil {
		data = r.Data
	}
	var values any
	decoder := json.NewDecoder(bytes.NewReader(data))
	if r.Integers {
		decoder.UseNumber()
	}
	if err := decoder.Decode(&values); err != nil {
		return err
	}
	values = withIntegers(values)
	t := template.New("t").Funcs(funcs)
	if r.Missing != "" {
		t.Option("missingkey=" + r.Missing)
	}
	if _, err := t.Parse(r.Template); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, values); err != nil {
		return err
	}
	text := out.String()
	r.Output = &text
	return nil
}

func main() {
	time.Local = time.UTC
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	funcs := sprig.TxtFuncMap()
	delete(funcs, "env")
	delete(funcs, "expandenv")
	if len(os.Args) > 2 && os.Args[2] == "builtins" {
		funcs = template.FuncMap{}
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	// Sprig prints a word of its own now and then.
	os.Stdout = os.Stderr
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var r record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		r.Output, r.Error = nil, nil
		if err := run(&r, data, funcs); err != nil {
			text := err.Error()
			r.Error = &text
		}
		encoder.Encode(&r)
	}
}
