// Doubles as text, the way Go prints them.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>

namespace weir {

// encoding/json: shortest; an exponent below 1e-6 and from 1e21 up.
void AppendGoJsonDouble(double number, std::string& out);

// strconv.FormatFloat(number, 'g', -1, 64), with YAML's .inf and .nan.
std::string FormatGoYamlDouble(double number);
// The same with 32 bits, as sigs.k8s.io/yaml writes keys.
// As go-yaml prints a float32.
std::string FormatGoYamlKey(double number);

}  // namespace weir
