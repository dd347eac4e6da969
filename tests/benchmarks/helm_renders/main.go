// Renders a chart again and again with other values, with Helm's own packages,
// on one core.
//
//	GOMAXPROCS=1 helm_renders CHART COUNT
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	release "helm.sh/helm/v4/pkg/release/v1"
)

func main() {
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	loaded, err := loader.Load(os.Args[1])
	if err != nil {
		panic(err)
	}
	bytes := 0
	start := time.Now()
	for i := 0; i < count; i++ {
		bytes += len(render(loaded, i))
	}
	seconds := time.Since(start).Seconds()
	fmt.Printf("helm: %d renders, %d bytes, %.0f renders/s\n", count, bytes,
		float64(count)/seconds)
}

func render(loaded *chart.Chart, i int) string {
	install := action.NewInstall(&action.Configuration{
		Capabilities: common.DefaultCapabilities,
	})
	install.DryRunStrategy = action.DryRunClient
	install.ReleaseName = "r"
	install.Replace = true
	install.Namespace = "default"
	result, err := install.Run(loaded, map[string]any{"replicas": float64(i)})
	if err != nil {
		panic(err)
	}
	rel := result.(*release.Release)
	var text strings.Builder
	text.WriteString(strings.TrimSpace(rel.Manifest) + "\n")
	for _, hook := range rel.Hooks {
		fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return text.String()
}
