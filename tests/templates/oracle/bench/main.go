// Renders bench.tmpl for a second and prints how often it did: beside
// gotmpl_bench.
//
//	go run ./bench ../data.json ../bench.tmpl
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	t := template.New("t").Funcs(sprig.TxtFuncMap())
	t.Funcs(template.FuncMap{"include": func(name string, data any) (string, error) {
		var out bytes.Buffer
		err := t.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}})
	template.Must(t.Parse(string(text)))
	size, count := 0, 0
	start := time.Now()
	for time.Since(start) < 2*time.Second {
		var values any
		if err := json.Unmarshal(data, &values); err != nil {
			panic(err)
		}
		var out bytes.Buffer
		if err := t.Execute(&out, values); err != nil {
			panic(err)
		}
		size = out.Len()
		count++
	}
	seconds := time.Since(start).Seconds()
	fmt.Printf("go: %d bytes, %.0f renders/s\n", size, float64(count)/seconds)
}
