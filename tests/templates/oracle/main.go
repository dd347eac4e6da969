// Runs templates with Go's text/template and Sprig. Each line of the input is
// {"t": template, "m": missingkey option, "d": data}; "m" and "d" may lack, and
// data is then the file's. Each line of the output repeats "t", "m" and "d"
// and adds the output "o" or the error "e".
//
//	go run . ../data.json < cases > goldens
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

type record struct {
	Template string          `json:"t"`
	Missing  string          `json:"m,omitempty"`
	Data     json.RawMessage `json:"d,omitempty"`
	Output   *string         `json:"o,omitempty"`
	Error    *string         `json:"e,omitempty"`
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
	if err := json.Unmarshal(data, &values); err != nil {
		return err
	}
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
