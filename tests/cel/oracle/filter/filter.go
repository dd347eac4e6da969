// Package filter is what the oracles share: answers to requests, a line each,
// and values as they are read and shown.
package filter

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Run answers each line of standard input with one on standard output;
// malformed is the answer to what is no request.
func Run[Request, Answer any](answer func(*Request) Answer,
	malformed func(error) Answer) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<28)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var r Request
		var a Answer
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			a = malformed(err)
		} else {
			a = answer(&r)
		}
		if err := encoder.Encode(a); err != nil {
			panic(err)
		}
		out.Flush()
	}
}

// Numbers gives those of JSON the types that Kubernetes reads them with:
// integers are int64, others float64.
func Numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = Numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = Numbers(v[k])
		}
	}
	return value
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20 || c == 0x7f:
			fmt.Fprintf(&b, "\\x%02x", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Text is one for each value, which tells kinds apart.
func Text(value ref.Val) string {
	switch v := value.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return strconv.FormatBool(bool(v))
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10) + "u"
	case types.Double:
		return "double(" + strconv.FormatFloat(float64(v), 'g', -1, 64) + ")"
	case types.String:
		return quoted(string(v))
	case types.Bytes:
		return "bytes(" + hex.EncodeToString([]byte(v)) + ")"
	case types.Timestamp:
		return "timestamp(" + v.Format(time.RFC3339Nano) + ")"
	case types.Duration:
		return "duration(" + strconv.FormatInt(int64(v.Duration), 10) + ")"
	case *types.Type:
		return "type(" + v.TypeName() + ")"
	case *types.Optional:
		if !v.HasValue() {
			return "optional.none"
		}
		return "optional(" + Text(v.GetValue()) + ")"
	case traits.Mapper:
		var members []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			members = append(members, Text(key)+": "+Text(v.Get(key)))
		}
		sort.Strings(members)
		return "{" + strings.Join(members, ", ") + "}"
	case traits.Lister:
		var elements []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			elements = append(elements, Text(it.Next()))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	return value.Type().TypeName()
}
