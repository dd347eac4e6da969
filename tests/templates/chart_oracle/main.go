// Renders charts with Helm's engine. Each line of the input is {"f": files of
// the chart by path, "v": the user's values, "x": whether their integers are
// int64 (as those of --set are), "s": whether a missing key is an error}. Each
// line of the output repeats it and adds the rendered files "o" or the error
// "e".
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

type record struct {
	Files    map[string]string  `json:"f"`
	Values   json.RawMessage    `json:"v"`
	Integers bool               `json:"x,omitempty"`
	Strict   bool               `json:"s,omitempty"`
	Output   *map[string]string `json:"o,omitempty"`
	Error    *string            `json:"e,omitempty"`
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

func readValues(r *record) (values map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(r.Values))
	if r.Integers {
		decoder.UseNumber()
	}
	if err := decoder.Decode(&values); err != nil {
		return nil, err
	}
	withIntegers(values)
	return values, nil
}

func capabilities() (*common.Capabilities, error) {
	version, err := common.ParseKubeVersion("v1.33.4-gke.1245000")
	if err != nil {
		return nil, err
	}
	out := &common.Capabilities{
		KubeVersion: *version,
		APIVersions: common.VersionSet{"v1", "apps/v1", "apps/v1/Deployment"},
	}
	out.HelmVersion.Version = "v4.2.4"
	out.HelmVersion.GitCommit = "c0ffee"
	out.HelmVersion.GitTreeState = "clean"
	out.HelmVersion.GoVersion = "go1.26.0"
	out.HelmVersion.KubeClientVersion = "v1.36"
	return out, nil
}

func render(r *record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("PANIC: %v", p)
		}
	}()
	var files []*archive.BufferedFile
	for name, text := range r.Files {
		files = append(files, &archive.BufferedFile{Name: name, Data: []byte(text)})
	}
	slices.SortFunc(files, func(a, b *archive.BufferedFile) int {
		return strings.Compare(a.Name, b.Name)
	})
	chart, err := loader.LoadFiles(files)
	if err != nil {
		return err
	}
	values, err := readValues(r)
	if err != nil {
		return err
	}
	if err := chartutil.ProcessDependencies(chart, values); err != nil {
		return err
	}
	caps, err := capabilities()
	if err != nil {
		return err
	}
	options := common.ReleaseOptions{
		Name: "rel", Namespace: "space", Revision: 1, IsInstall: true,
	}
	seen, err := util.ToRenderValues(chart, values, options, caps)
	if err != nil {
		return err
	}
	rendered, err := engine.Engine{Strict: r.Strict}.Render(chart, seen)
	if err != nil {
		return err
	}
	r.Output = &rendered
	return nil
}

func main() {
	time.Local = time.UTC
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
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
		if err := render(&r); err != nil {
			text := err.Error()
			r.Error = &text
		}
		encoder.Encode(&r)
	}
}
