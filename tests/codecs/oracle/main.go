// The Go libraries that kustomize v5.8.1 is built with, behind a pipe.
//
// Reads requests from the standard input until its end: a byte that names the
// codec, four bytes of length (little-endian), the document. Answers each with
// a byte (1: the text is the result; 0: it is the error), the length, the text.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// jsonFloats is encoding/json as it is: every number is a float64.
func jsonFloats(in []byte) ([]byte, error) {
	var value interface{}
	if err := json.Unmarshal(in, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func exactNumbers(value interface{}) (interface{}, error) {
	switch v := value.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i, nil
		}
		if u, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return u, nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("json: cannot unmarshal number %s into Go value of type float64", v)
		}
		return f, nil
	case []interface{}:
		for i := range v {
			exact, err := exactNumbers(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = exact
		}
	case map[string]interface{}:
		for k := range v {
			exact, err := exactNumbers(v[k])
			if err != nil {
				return nil, err
			}
			v[k] = exact
		}
	}
	return value, nil
}

func decodeExact(in []byte) (interface{}, error) {
	// For its errors.
	if _, err := jsonFloats(in); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(in))
	decoder.UseNumber()
	var value interface{}
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return exactNumbers(value)
}

// jsonExact keeps integers of 64 bits and does not escape HTML.
func jsonExact(in []byte) ([]byte, error) {
	value, err := decodeExact(in)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// jsonIndented is json.MarshalIndent with two spaces.
func jsonIndented(in []byte) ([]byte, error) {
	var value interface{}
	if err := json.Unmarshal(in, &value); err != nil {
		return nil, err
	}
	return json.MarshalIndent(value, "", "  ")
}

// What builds are never given.
var errNoObject = errors.New("no object")

func readNode(in []byte) (*kyaml.RNode, error) {
	node := &kyaml.Node{}
	err := kyaml.NewDecoder(bytes.NewReader(in)).Decode(node)
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if kyaml.IsYNodeEmptyDoc(node) {
		return nil, nil
	}
	if kind := node.Content[0].Kind; kind == kyaml.ScalarNode || kind == kyaml.AliasNode {
		return nil, errNoObject
	}
	if name := selfReference(node, map[*kyaml.Node]bool{}); name != "" {
		return nil, fmt.Errorf("yaml: anchor '%s' value contains itself", name)
	}
	return kyaml.NewRNode(node), nil
}

// selfReference finds an alias inside of what it names: there kyaml overflows
// its stack.
func selfReference(node *kyaml.Node, open map[*kyaml.Node]bool) string {
	if node.Kind == kyaml.AliasNode {
		if open[node.Alias] {
			return node.Value
		}
		return selfReference(node.Alias, open)
	}
	open[node] = true
	defer delete(open, node)
	for _, child := range node.Content {
		if name := selfReference(child, open); name != "" {
			return name
		}
	}
	return ""
}

// buildObject is what a build does to one document that nothing changes.
func buildObject(in []byte) ([]byte, error) {
	node, err := readNode(in)
	if node == nil || err != nil {
		return nil, err
	}
	if err := node.DeAnchor(); err != nil {
		return nil, err
	}
	asJSON, err := node.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(asJSON)
}

// buildResource also has annotations pass through a map of strings, as the
// removal of the build's own annotations does.
func buildResource(in []byte) ([]byte, error) {
	node, err := readNode(in)
	if node == nil || err != nil {
		return nil, err
	}
	if err := node.DeAnchor(); err != nil {
		return nil, err
	}
	if node.YNode().Kind != kyaml.MappingNode {
		return nil, errNoObject
	}
	if annotations := node.GetAnnotations(); len(annotations) > 0 {
		if err := node.SetAnnotations(annotations); err != nil {
			return nil, err
		}
	}
	asJSON, err := node.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(asJSON)
}

// nodeText reads a document with its comments and styles and writes it.
func nodeText(in []byte) ([]byte, error) {
	node := &kyaml.Node{}
	if err := kyaml.NewDecoder(bytes.NewReader(in)).Decode(node); err == io.EOF {
		return nil, errNoObject
	} else if err != nil {
		return nil, err
	}
	text, err := kyaml.NewRNode(node).String()
	return []byte(text), err
}

// kyamlMarshal writes a value as kyaml writes Go values.
func kyamlMarshal(in []byte) ([]byte, error) {
	value, err := decodeExact(in)
	if err != nil {
		return nil, err
	}
	return kyaml.Marshal(value)
}

var codecs = map[byte]func([]byte) ([]byte, error){
	'j': yaml.YAMLToJSON,
	's': yaml.YAMLToJSONStrict,
	'k': buildObject,
	'r': buildResource,
	'n': nodeText,
	'f': jsonFloats,
	'e': jsonExact,
	'i': jsonIndented,
	'y': yaml.JSONToYAML,
	'm': kyamlMarshal,
}

func run(codec byte, in []byte) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	f, ok := codecs[codec]
	if !ok {
		return nil, fmt.Errorf("no codec %q", codec)
	}
	return f(in)
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	var header [5]byte
	for {
		if _, err := io.ReadFull(in, header[:]); err != nil {
			return
		}
		document := make([]byte, binary.LittleEndian.Uint32(header[1:]))
		if _, err := io.ReadFull(in, document); err != nil {
			return
		}
		text, err := run(header[0], document)
		status := byte(1)
		if err != nil {
			status, text = 0, []byte(err.Error())
		}
		var length [4]byte
		binary.LittleEndian.PutUint32(length[:], uint32(len(text)))
		out.WriteByte(status)
		out.Write(length[:])
		out.Write(text)
	}
}
