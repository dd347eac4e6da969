#include "render.h"

#include "absl/strings/str_cat.h"
#include "tables.h"

namespace weir::apiserver {
namespace {

std::string MetaVersion(const Shape& shape) {
  return absl::StrCat("meta.k8s.io/", shape.version);
}

Value MetadataOnly(const Shape& shape, const Value& object) {
  return Value::MakeObject({{"kind", "PartialObjectMetadata"},
                            {"apiVersion", MetaVersion(shape)},
                            {"metadata", object["metadata"]}});
}

Value MakeListMetadata(const ListMetadata& meta) {
  Value out = Value::MakeObject({{"resourceVersion", absl::StrCat(meta.rv)}});
  if (!meta.continue_token.empty()) out.Set("continue", meta.continue_token);
  if (meta.remaining > 0) out.Set("remainingItemCount", meta.remaining);
  return out;
}

Value MakeTable(const Served& served, const Shape& shape,
                const std::vector<Value>& stored, Value metadata,
                absl::Time now, bool with_columns) {
  Value rows = Value::MakeArray();
  Value::Array& out = rows.MutableArray();
  out.reserve(stored.size());
  const TablePrinter printer(served);
  for (const Value& item : stored) {
    const Value object = ToServed(served, item);
    Value row = Value::MakeObject({{"cells", printer.Cells(object, now)}});
    if (shape.include_object == "Object") {
      row.Set("object", object);
    } else if (shape.include_object != "None") {
      row.Set("object", MetadataOnly(shape, object));
    }
    out.push_back(std::move(row));
  }
  return Value::MakeObject(
      {{"kind", "Table"},
       {"apiVersion", MetaVersion(shape)},
       {"metadata", std::move(metadata)},
       {"columnDefinitions",
        with_columns ? printer.Columns() : Value::MakeArray()},
       {"rows", std::move(rows)}});
}

}  // namespace

Value RenderObject(const Served& served, const Shape& shape,
                   const Value& stored, absl::Time now, bool with_columns) {
  switch (shape.form) {
    case Shape::Form::kFull:
      return ToServed(served, stored);
    case Shape::Form::kMetadata:
      return MetadataOnly(shape, stored);
    case Shape::Form::kTable:
      return MakeTable(
          served, shape, {stored},
          Value::MakeObject(
              {{"resourceVersion", stored["metadata"]["resourceVersion"]}}),
          now, with_columns);
  }
  return Value();
}

Value RenderList(const Served& served, const Shape& shape,
                 const std::vector<Value>& stored, const ListMetadata& meta,
                 absl::Time now) {
  if (shape.form == Shape::Form::kTable) {
    return MakeTable(served, shape, stored, MakeListMetadata(meta), now, true);
  }
  Value items = Value::MakeArray();
  Value::Array& out = items.MutableArray();
  out.reserve(stored.size());
  for (const Value& item : stored) {
    out.push_back(RenderObject(served, shape, item, now));
  }
  const bool is_metadata = shape.form == Shape::Form::kMetadata;
  return Value::MakeObject(
      {{"kind",
        is_metadata ? "PartialObjectMetadataList" : served.kind->list_kind},
       {"apiVersion", is_metadata ? MetaVersion(shape)
                                  : served.kind->resource.gvk.ApiVersion()},
       {"metadata", MakeListMetadata(meta)},
       {"items", std::move(items)}});
}

Value RenderBookmark(const Served& served, const Shape& shape, int64_t rv,
                     bool ends_initial_events) {
  Value metadata = Value::MakeObject(
      {{"resourceVersion", absl::StrCat(rv)}, {"creationTimestamp", Value()}});
  if (ends_initial_events) {
    metadata.Set("annotations",
                 Value::MakeObject({{"k8s.io/initial-events-end", "true"}}));
  }
  const bool is_metadata = shape.form == Shape::Form::kMetadata;
  return Value::MakeObject(
      {{"kind",
        is_metadata ? "PartialObjectMetadata" : served.kind->resource.gvk.kind},
       {"apiVersion", is_metadata ? MetaVersion(shape)
                                  : served.kind->resource.gvk.ApiVersion()},
       {"metadata", std::move(metadata)}});
}

}  // namespace weir::apiserver
