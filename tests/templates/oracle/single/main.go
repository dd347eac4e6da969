// Runs templates with Go's text/template and Sprig. Each line of the input is
// {"t": template, "m": missingkey option, "d": data, "x": whether integers of
// the data are int64 (otherwise all numbers are float64)}; all but "t" may
// lack, and data is then the file's. Each line of the output repeats them and
// adds the output "o" or the error "e".
//
//	go run ./single ../data.json < cases > goldens
package main

import (
	"encoding/json"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"oracle/lines"
)

type record struct {
	Template string          `json:"t"`
	Missing  string          `json:"m,omitempty"`
	Data     json.RawMessage `json:"d,omitempty"`
	Integers bool            `json:"x,omitempty"`
	Output   *string         `json:"o,omitempty"`
	Error    *string         `json:"e,omitempty"`
}

func run(r *record, data []byte, funcs template.FuncMap) error {
	r.Output, r.Error = nil, nil
	if r.Data != nil {
		data = r.Data
	}
	values, err := lines.Decode(data, r.Integers)
	if err != nil {
		return err
	}
	t := template.New("t").Funcs(funcs)
	if r.Missing != "" {
		t.Option("missingkey=" + r.Missing)
	}
	if _, err := t.Parse(r.Template); err != nil {
		return err
	}
	var out strings.Builder
	if err := t.Execute(&out, values); err != nil {
		return err
	}
	text := out.String()
	r.Output = &text
	return nil
}

func main() {
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
	lines.Run(func(r *record) error { return run(r, data, funcs) },
		func(r *record, text string) { r.Error = &text })
}
