// Package lines is what the oracles share: records of JSON, a line each, and
// values as templates get them.
package lines

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Decode reads JSON. With integers, those become int64 or uint64; all other
// numbers are float64.
func Decode(text []byte, integers bool) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if integers {
		decoder.UseNumber()
	}
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return withIntegers(value), nil
}

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

// Run has each record of the input answered, and writes it with its answer.
// What answer gives as an error, or panics with, goes to fail.
func Run[Record any](answer func(*Record) error, fail func(*Record, string)) {
	time.Local = time.UTC
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	// Sprig prints a word of its own now and then.
	os.Stdout = os.Stderr
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var r Record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		if err := guarded(answer, &r); err != nil {
			fail(&r, err.Error())
		}
		encoder.Encode(&r)
	}
}

func guarded[Record any](answer func(*Record) error, r *Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("PANIC: %v", p)
		}
	}()
	return answer(r)
}
