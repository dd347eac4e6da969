// Renders charts with Helm's engine. Each line of the input is {"f": files of
// the chart by path, "v": the user's values, "x": whether their integers are
// int64 (as those of --set are), "s": whether a missing key is an error}. Each
// line of the output repeats it and adds the rendered files "o" or the error
// "e".
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"oracle/lines"
)

type record struct {
	Files    map[string]string  `json:"f"`
	Values   json.RawMessage    `json:"v"`
	Integers bool               `json:"x,omitempty"`
	Strict   bool               `json:"s,omitempty"`
	Output   *map[string]string `json:"o,omitempty"`
	Error    *string            `json:"e,omitempty"`
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

func render(r *record) error {
	r.Output, r.Error = nil, nil
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
	decoded, err := lines.Decode(r.Values, r.Integers)
	if err != nil {
		return err
	}
	values, ok := decoded.(map[string]any)
	if !ok {
		return fmt.Errorf("the values are no map")
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
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	lines.Run(render, func(r *record, text string) { r.Error = &text })
}
