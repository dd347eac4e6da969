#include "kube_protobuf.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Before the envelope.
constexpr absl::string_view kMagic("k8s\0", 4);

enum class Kind {
  kText,
  kBytes,  // As base64.
  kInt,
  kBool,
  kTime,   // Seconds and nanoseconds, as text.
  kJson,   // A message whose only field is JSON.
  kTexts,  // A map from text to text.
  kBlobs,  // A map from text to bytes.
  kMessage,
};

struct Field {
  int number;
  const char* name;
  Kind kind;
  bool is_repeated = false;
  absl::Span<const Field> fields = {};  // Of a message.
};

constexpr Field kOwnerFields[] = {
    {1, "kind", Kind::kText},       {3, "name", Kind::kText},
    {4, "uid", Kind::kText},        {5, "apiVersion", Kind::kText},
    {6, "controller", Kind::kBool}, {7, "blockOwnerDeletion", Kind::kBool}};
constexpr Field kManagedFields[] = {
    {1, "manager", Kind::kText},    {2, "operation", Kind::kText},
    {3, "apiVersion", Kind::kText}, {4, "time", Kind::kTime},
    {6, "fieldsType", Kind::kText}, {7, "fieldsV1", Kind::kJson},
    {8, "subresource", Kind::kText}};
constexpr Field kMetadataFields[] = {
    {1, "name", Kind::kText},
    {2, "generateName", Kind::kText},
    {3, "namespace", Kind::kText},
    {5, "uid", Kind::kText},
    {6, "resourceVersion", Kind::kText},
    {7, "generation", Kind::kInt},
    {8, "creationTimestamp", Kind::kTime},
    {9, "deletionTimestamp", Kind::kTime},
    {10, "deletionGracePeriodSeconds", Kind::kInt},
    {11, "labels", Kind::kTexts},
    {12, "annotations", Kind::kTexts},
    {13, "ownerReferences", Kind::kMessage, true, kOwnerFields},
    {14, "finalizers", Kind::kText, true},
    {17, "managedFields", Kind::kMessage, true, kManagedFields}};
constexpr Field kSecretFields[] = {
    {1, "metadata", Kind::kMessage, false, kMetadataFields},
    {2, "data", Kind::kBlobs},
    {3, "type", Kind::kText},
    {4, "stringData", Kind::kTexts},
    {5, "immutable", Kind::kBool}};
constexpr Field kConfigMapFields[] = {
    {1, "metadata", Kind::kMessage, false, kMetadataFields},
    {2, "data", Kind::kTexts},
    {3, "binaryData", Kind::kBlobs},
    {4, "immutable", Kind::kBool}};
constexpr Field kPreconditionFields[] = {{1, "uid", Kind::kText},
                                         {2, "resourceVersion", Kind::kText}};
constexpr Field kDeleteFields[] = {
    {1, "gracePeriodSeconds", Kind::kInt},
    {2, "preconditions", Kind::kMessage, false, kPreconditionFields},
    {3, "orphanDependents", Kind::kBool},
    {4, "propagationPolicy", Kind::kText},
    {5, "dryRun", Kind::kText, true},
    {6, "ignoreStoreReadErrorWithClusterBreakingPotential", Kind::kBool}};
constexpr Field kTypeFields[] = {{1, "apiVersion", Kind::kText},
                                 {2, "kind", Kind::kText}};
constexpr Field kEnvelopeFields[] = {
    {1, "typeMeta", Kind::kMessage, false, kTypeFields},
    {2, "raw", Kind::kBytes}};
constexpr Field kTimeFields[] = {{1, "seconds", Kind::kInt},
                                 {2, "nanos", Kind::kInt}};
constexpr Field kJsonFields[] = {{1, "raw", Kind::kBytes}};
constexpr Field kTextEntry[] = {{1, "key", Kind::kText},
                                {2, "value", Kind::kText}};
constexpr Field kBlobEntry[] = {{1, "key", Kind::kText},
                                {2, "value", Kind::kBytes}};

absl::Status Malformed() {
  return absl::InvalidArgumentError("the body is no Kubernetes protobuf");
}

absl::StatusOr<Value> ReadMessage(absl::string_view bytes,
                                  absl::Span<const Field> fields);

// A map's entry, put into `out`.
absl::Status ReadEntry(absl::string_view bytes, absl::Span<const Field> fields,
                       Value& out) {
  WEIR_ASSIGN_OR_RETURN(const Value entry, ReadMessage(bytes, fields));
  out.Set(entry.GetString("key"), Value(std::string(entry.GetString("value"))));
  return absl::OkStatus();
}

absl::StatusOr<Value> ReadDelimited(const Field& field, std::string bytes) {
  switch (field.kind) {
    case Kind::kText:
      return Value(std::move(bytes));
    case Kind::kBytes:
      return Value(absl::Base64Escape(bytes));
    case Kind::kTime: {
      WEIR_ASSIGN_OR_RETURN(const Value time, ReadMessage(bytes, kTimeFields));
      return Value(
          FormatKubeTime(absl::FromUnixSeconds(time.GetInt("seconds"))));
    }
    case Kind::kJson: {
      WEIR_ASSIGN_OR_RETURN(const Value json, ReadMessage(bytes, kJsonFields));
      std::string text;
      if (!absl::Base64Unescape(json.GetString("raw"), &text)) {
        return Malformed();
      }
      return ParseJson(text);
    }
    case Kind::kMessage:
      return ReadMessage(bytes, field.fields);
    default:
      return Malformed();
  }
}

absl::Status ReadField(CodedInputStream& in, uint32_t tag, const Field& field,
                       Value& out) {
  const auto type = WireFormatLite::GetTagWireType(tag);
  if (type == WireFormatLite::WIRETYPE_VARINT) {
    uint64_t number = 0;
    if (!in.ReadVarint64(&number)) return Malformed();
    if (field.kind == Kind::kBool) {
      out.Set(field.name, Value(number != 0));
    } else if (field.kind == Kind::kInt) {
      out.Set(field.name, Value(static_cast<int64_t>(number)));
    } else {
      return Malformed();
    }
    return absl::OkStatus();
  }
  uint32_t size = 0;
  std::string bytes;
  if (type != WireFormatLite::WIRETYPE_LENGTH_DELIMITED ||
      !in.ReadVarint32(&size) ||
      static_cast<int64_t>(size) > in.BytesUntilTotalBytesLimit() ||
      !in.ReadString(&bytes, static_cast<int>(size))) {
    return Malformed();
  }
  if (field.kind == Kind::kTexts || field.kind == Kind::kBlobs) {
    return ReadEntry(bytes,
                     field.kind == Kind::kTexts
                         ? absl::Span<const Field>(kTextEntry)
                         : absl::Span<const Field>(kBlobEntry),
                     out.Mutable(field.name));
  }
  WEIR_ASSIGN_OR_RETURN(Value value, ReadDelimited(field, std::move(bytes)));
  if (field.is_repeated) {
    out.Mutable(field.name).Append(std::move(value));
  } else {
    out.Set(field.name, std::move(value));
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> ReadMessage(absl::string_view bytes,
                                  absl::Span<const Field> fields) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  in.SetTotalBytesLimit(static_cast<int>(bytes.size()));
  Value out = Value::MakeObject();
  while (const uint32_t tag = in.ReadTag()) {
    const Field* known = nullptr;
    for (const Field& field : fields) {
      if (field.number == WireFormatLite::GetTagFieldNumber(tag)) {
        known = &field;
      }
    }
    if (known == nullptr) {
      if (!WireFormatLite::SkipField(&in, tag)) return Malformed();
      continue;
    }
    WEIR_RETURN_IF_ERROR(ReadField(in, tag, *known, out));
  }
  if (!in.ConsumedEntireMessage()) return Malformed();
  return out;
}

// Go writes what is empty, too: as JSON has it, it is not there.
void DropEmpty(Value& object) {
  Value kept = Value::MakeObject();
  for (Value::Member& member : object.MutableObject()) {
    if (member.value.is_string() && member.value.AsString().empty()) continue;
    if (member.value.is_int() && member.value.AsInt() == 0) continue;
    kept.Set(member.key, std::move(member.value));
  }
  object = std::move(kept);
}

}  // namespace

absl::StatusOr<Value> ReadKubeProtobuf(absl::string_view bytes) {
  if (!absl::ConsumePrefix(&bytes, kMagic)) return Malformed();
  WEIR_ASSIGN_OR_RETURN(const Value envelope,
                        ReadMessage(bytes, kEnvelopeFields));
  const std::string kind(envelope["typeMeta"].GetString("kind"));
  absl::Span<const Field> fields;
  if (kind == "Secret") {
    fields = kSecretFields;
  } else if (kind == "ConfigMap") {
    fields = kConfigMapFields;
  } else if (kind == "DeleteOptions") {
    fields = kDeleteFields;
  } else {
    return absl::UnimplementedError(
        absl::StrCat("this API server reads no ", kind,
                     " in protobuf; ask your client to send application/json"));
  }
  std::string raw;
  if (!absl::Base64Unescape(envelope.GetString("raw"), &raw)) {
    return Malformed();
  }
  WEIR_ASSIGN_OR_RETURN(Value object, ReadMessage(raw, fields));
  if (object.Has("metadata")) {
    // A zero time has no fields.
    Value& metadata = object.Mutable("metadata");
    metadata.Erase("creationTimestamp");
    DropEmpty(metadata);
  }
  object.Set("kind", kind);
  object.Set("apiVersion",
             std::string(envelope["typeMeta"].GetString("apiVersion")));
  return object;
}

}  // namespace weir::apiserver
