// Objects as CEL sees them: values and types by a CustomResourceDefinition's
// structural schema.
//
// Touches: nothing.
// Threads: pure functions. Values keep the schemas they are seen through.
// Source: apiserver, packages cel and cel/common.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "schema.h"
#include "weir/cel/cel.h"
#include "weir/cel/value.h"
#include "weir/value/value.h"

namespace weir::apiserver {

// A property's name as an identifier, "a-b" as "a__dash__b"; nothing when
// there is none.
std::optional<std::string> EscapeProperty(absl::string_view name);
// Nothing when it is no such identifier.
std::optional<std::string> UnescapeProperty(absl::string_view escaped);

// `schema` must live as long as the value.
cel::Value SchemaValue(const Value& json, const Schema& schema);

// The type of `self` and of all below it. Objects are named by where they are:
// "selfType.spec", "selfType.list.@idx".
class SchemaTypes : public cel::ObjectTypes {
 public:
  explicit SchemaTypes(const Schema& self) : self_(self) {}

  // As an Overload has types. Nothing when expressions cannot see it: nothing
  // is known of it, or of its elements.
  std::optional<std::string> SelfType() const;
  bool Has(absl::string_view object) const override;
  std::optional<std::string> FieldType(absl::string_view object,
                                       absl::string_view field) const override;

 private:
  const Schema* Find(absl::string_view object) const;
  const Schema& self_;
};

}  // namespace weir::apiserver
