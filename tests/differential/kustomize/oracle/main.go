// Oracle builds kustomizations with the real engine, many in one process.
//
// Each line of standard input is a directory. Each answer is a line
// "ok LENGTH", "error LENGTH" or "panic LENGTH", and LENGTH bytes: what
// `kustomize build` would print to standard output or after "Error: ". The
// argument "unrestricted" is for --load-restrictor LoadRestrictionsNone,
// "helm=PROGRAM" for --enable-helm --helm-command PROGRAM.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

func build(directory string) (verdict, text string) {
	defer func() {
		if cause := recover(); cause != nil {
			verdict, text = "panic", fmt.Sprint(cause)
		}
	}()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // As the command does.
	for _, argument := range os.Args[1:] {
		if argument == "unrestricted" {
			options.LoadRestrictions = types.LoadRestrictionsNone
		} else if helm, ok := strings.CutPrefix(argument, "helm="); ok {
			options.PluginConfig.HelmConfig.Enabled = true
			options.PluginConfig.HelmConfig.Command = helm
		}
	}
	result, err := krusty.MakeKustomizer(options).Run(
		filesys.MakeFsOnDisk(), directory)
	if err != nil {
		return "error", err.Error()
	}
	out, err := result.AsYaml()
	if err != nil {
		return "error", err.Error()
	}
	return "ok", string(out)
}

func main() {
	log.SetOutput(io.Discard)
	builtin := openapi.GetSchemaVersion()
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for in.Scan() {
		directory := strings.TrimSpace(in.Text())
		verdict, text := build(directory)
		// A schema of one build would stay for the next one, and to what was
		// read before it is added.
		if openapi.GetSchemaVersion() != builtin {
			openapi.ResetOpenAPI()
			verdict, text = build(directory)
			openapi.ResetOpenAPI()
		}
		fmt.Fprintf(out, "%s %d\n%s", verdict, len(text), text)
		out.Flush()
	}
}
