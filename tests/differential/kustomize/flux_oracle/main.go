// Flux_oracle builds Flux Kustomizations with the real controller's builder.
//
// Each line of standard input: the root of a tree, a tab, a folder in it, a
// tab, and the Kustomization as JSON. Answers in the protocol of
// ../oracle/main.go. The folder's kustomization file is written while it is
// built, and put back after.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	generator "github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/resmap"
)

// keep remembers a folder's kustomization files, and returns what puts them
// back.
func keep(dir string) (restore func()) {
	texts := map[string][]byte{}
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		file := filepath.Join(dir, name)
		if text, err := os.ReadFile(file); err == nil {
			texts[file] = text
		} else {
			texts[file] = nil
		}
	}
	return func() {
		for file, text := range texts {
			if text == nil {
				os.Remove(file)
			} else {
				os.WriteFile(file, text, 0o644)
			}
		}
	}
}

func substitute(u unstructured.Unstructured, m resmap.ResMap) error {
	if _, has, _ := unstructured.NestedMap(u.Object, "spec", "postBuild"); !has {
		return nil
	}
	strategy, _, _ := unstructured.NestedString(u.Object, "spec", "postBuild",
		"substituteStrategy")
	for _, one := range m.Resources() {
		out, err := generator.SubstituteVariables(context.Background(), nil, u, one,
			generator.SubstituteWithStrict(true), generator.SubstituteWithDryRun(true),
			generator.SubstituteWithAlways(strategy == "Always"))
		if err != nil {
			return fmt.Errorf("post build failed for '%s/%s': %w",
				one.GetGvk(), one.GetName(), err)
		}
		if out == nil {
			continue
		}
		if _, err = m.Replace(one); err != nil {
			return err
		}
	}
	return nil
}

func build(root, folder, manifest string) (verdict, text string) {
	defer func() {
		if cause := recover(); cause != nil {
			verdict, text = "panic", fmt.Sprint(cause)
		}
	}()
	u := unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(manifest), &u.Object); err != nil {
		return "error", err.Error()
	}
	dir := filepath.Join(root, folder)
	defer keep(dir)()
	if _, err := generator.NewGenerator(root, u).WriteFile(dir); err != nil {
		return "error", err.Error()
	}
	m, err := generator.SecureBuild(root, dir, true)
	if err != nil {
		return "error", "kustomize build failed: " + err.Error()
	}
	if err = substitute(u, m); err != nil {
		return "error", err.Error()
	}
	out, err := m.AsYaml()
	if err != nil {
		return "error", "kustomize build failed: " + err.Error()
	}
	return "ok", string(out)
}

func main() {
	log.SetOutput(io.Discard)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		parts := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		verdict, text := build(parts[0], parts[1], parts[2])
		fmt.Fprintf(out, "%s %d\n%s", verdict, len(text), text)
		out.Flush()
	}
}
