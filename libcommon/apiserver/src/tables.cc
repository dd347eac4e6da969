#include "tables.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/human_duration.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

Value ColumnDefinition(absl::string_view name, absl::string_view type,
                       absl::string_view format, absl::string_view description,
                       int priority) {
  return Value::MakeObject({{"name", name},
                            {"type", type},
                            {"format", format},
                            {"description", description},
                            {"priority", priority}});
}

// What a printer column shows of a value; null when it is of another type.
Value CustomCell(const PrinterColumn& column, const Value& value,
                 absl::Time now) {
  if (column.type == "string") {
    if (value.is_string()) return value;
    return FormatJson(value);
  }
  if (column.type == "date") {
    if (!value.is_string()) return Value();
    return FormatAge(value.AsString(), now);
  }
  if (column.type == "integer") {
    if (value.is_int()) return value;
    if (value.is_number()) return static_cast<int64_t>(value.AsDouble());
    return Value();
  }
  if (column.type == "number") return value.is_number() ? value : Value();
  if (column.type == "boolean") return value.is_bool() ? value : Value();
  return Value();
}

}  // namespace

const KindPrinter* FindPrinter(absl::string_view group,
                               absl::string_view kind) {
  static const auto& printers = *[] {
    auto* all = new std::vector<KindPrinter>(WorkloadPrinters());
    for (KindPrinter& one : CorePrinters()) all->push_back(std::move(one));
    return all;
  }();
  for (const KindPrinter& one : printers) {
    if (one.group == group && one.kind == kind) return &one;
  }
  return nullptr;
}

TablePrinter::TablePrinter(const Served& served) : served_(served) {
  const KindInfo& kind = *served.kind;
  if (!kind.is_custom) {
    builtin_ = FindPrinter(kind.resource.gvk.group, kind.resource.gvk.kind);
    return;
  }
  for (const PrinterColumn& column : kind.printer_columns) {
    CustomColumn custom{&column, std::nullopt};
    absl::StatusOr<JsonPath> path = JsonPath::Parse(column.json_path);
    if (path.ok()) custom.path = *std::move(path);
    custom_.push_back(std::move(custom));
  }
}

Value TablePrinter::Columns() const {
  Value out = Value::MakeArray();
  if (builtin_ == nullptr || builtin_->has_name_first) {
    out.Append(ColumnDefinition("Name", "string", "name",
                                "Name must be unique within a namespace.", 0));
  }
  if (builtin_ != nullptr) {
    for (const TableColumn& column : builtin_->columns) {
      const bool is_name = absl::string_view(column.name) == "Name";
      out.Append(ColumnDefinition(column.name, column.type,
                                  is_name ? "name" : "", "", column.priority));
    }
  } else if (!custom_.empty()) {
    for (const CustomColumn& one : custom_) {
      const PrinterColumn& column = *one.column;
      out.Append(ColumnDefinition(column.name, column.type, column.format,
                                  column.description, column.priority));
    }
  } else if (served_.kind->is_custom) {
    out.Append(ColumnDefinition("Age", "date", "", "", 0));
  } else {
    out.Append(ColumnDefinition("Created At", "date", "", "", 0));
  }
  return out;
}

Value TablePrinter::Cells(const Value& object, absl::Time now) const {
  const Value& metadata = object["metadata"];
  Value cells = Value::MakeArray();
  if (builtin_ == nullptr || builtin_->has_name_first) {
    cells.Append(metadata["name"]);
  }
  if (builtin_ != nullptr) {
    for (Value& cell : builtin_->cells(object, now)) {
      cells.Append(std::move(cell));
    }
    return cells;
  }
  if (served_.kind->is_custom && !custom_.empty()) {
    for (const CustomColumn& one : custom_) {
      std::vector<Value> found;
      if (one.path.has_value()) found = one.path->Find(object, 1);
      cells.Append(found.empty() ? Value()
                                 : CustomCell(*one.column, found[0], now));
    }
    return cells;
  }
  if (served_.kind->is_custom) {
    cells.Append(FormatAge(metadata.GetString("creationTimestamp"), now));
  } else {
    cells.Append(metadata["creationTimestamp"]);
  }
  return cells;
}

std::string FormatAge(absl::string_view timestamp, absl::Time now) {
  absl::StatusOr<absl::Time> time = ParseKubeTime(timestamp);
  if (!time.ok()) return "<unknown>";
  return FormatHumanDuration(now - *time);
}

}  // namespace weir::apiserver
