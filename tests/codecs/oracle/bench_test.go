package main

import (
	"bytes"
	"encoding/json"
	"os"
	"syscall"
	"testing"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// The manifests of `values_bench --text`, in the file that MANIFESTS names.
func manifests(b *testing.B) (documents [][]byte, values []interface{}) {
	text, err := os.ReadFile(os.Getenv("MANIFESTS"))
	if err != nil {
		b.Fatal(err)
	}
	for _, document := range bytes.Split(text, []byte("---\n")) {
		if len(document) == 0 {
			continue
		}
		var value interface{}
		if err := yaml.UnmarshalStrict(document, &value); err != nil {
			b.Fatal(err)
		}
		documents = append(documents, document)
		values = append(values, value)
	}
	b.ReportAllocs()
	return documents, values
}

// measure reports the throughput of a pass over all documents, by the processor
// time that it takes, the collector's included.
func measure(b *testing.B, pass func() int) {
	b.ResetTimer()
	size := 0
	start := processorSeconds(b)
	for i := 0; i < b.N; i++ {
		size += pass()
	}
	b.ReportMetric(float64(size)/(processorSeconds(b)-start)/1e6, "MB/cpu-s")
}

func processorSeconds(b *testing.B) float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func BenchmarkReadYAML11(b *testing.B) {
	documents, _ := manifests(b)
	measure(b, func() (size int) {
		for _, document := range documents {
			var value interface{}
			if err := yaml.UnmarshalStrict(document, &value); err != nil {
				b.Fatal(err)
			}
			size += len(document)
		}
		return size
	})
}

// As kustomize has objects: read, written as JSON, which is read once more.
func BenchmarkReadKyaml(b *testing.B) {
	documents, _ := manifests(b)
	measure(b, func() (size int) {
		for _, document := range documents {
			node, err := kyaml.Parse(string(document))
			if err != nil {
				b.Fatal(err)
			}
			text, err := node.MarshalJSON()
			if err != nil {
				b.Fatal(err)
			}
			var value interface{}
			if err := json.Unmarshal(text, &value); err != nil {
				b.Fatal(err)
			}
			size += len(document)
		}
		return size
	})
}

func BenchmarkWriteYAML(b *testing.B) {
	_, values := manifests(b)
	measure(b, func() (size int) {
		for _, value := range values {
			text, err := yaml.Marshal(value)
			if err != nil {
				b.Fatal(err)
			}
			size += len(text)
		}
		return size
	})
}

func BenchmarkWriteJSON(b *testing.B) {
	_, values := manifests(b)
	measure(b, func() int {
		text, err := json.Marshal(values)
		if err != nil {
			b.Fatal(err)
		}
		return len(text)
	})
}

func BenchmarkReadJSON(b *testing.B) {
	_, values := manifests(b)
	text, err := json.Marshal(values)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, func() int {
		var value interface{}
		if err := json.Unmarshal(text, &value); err != nil {
			b.Fatal(err)
		}
		return len(text)
	})
}
