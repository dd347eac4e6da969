// Random messages for property tests.
//
// Touches: nothing.
// Threads: an object belongs to one thread.
#pragma once

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "weir/base/duration.h"
#include "weir/schema/v1/options.pb.h"
#include "weir/value/json.h"

namespace weir::test {

class RandomMessage {
 public:
  explicit RandomMessage(uint64_t seed) : random_(seed) {}

  int Below(int n) {
    return static_cast<int>(random_() % static_cast<uint64_t>(n));
  }
  // Any bits, and often a value at the border.
  uint64_t Bits() {
    switch (Below(4)) {
      case 0:
        return 0;
      case 1:
        return ~uint64_t{0} >> Below(2);
      case 2:
        return random_() >> Below(64);
      default:
        return random_();
    }
  }

  std::string Text() {
    static const char* const kTexts[] = {
        "",     "a",    "true", "0",    "null",
        "1e3",  "a\nb", "\"\\", "${x}", "\xc3\xa9\xe2\x82\xac",
        "a: b", "- c",  "\x01", "<&>"};
    return kTexts[Below(std::size(kTexts))];
  }
  Value Json(int depth = 3) {
    switch (Below(depth > 0 ? 8 : 6)) {
      case 0:
        return Value(Below(2) == 0);
      case 1:
        return Value(static_cast<int64_t>(Bits()));
      case 2:
        return Value(Bits() | (uint64_t{1} << 63));
      case 3:
        return Value(Below(1000) / 8.0 + 0.0625);
      case 4:
        return Value();
      case 5:
        return Value(Text());
      case 6: {
        Value array = Value::MakeArray();
        for (int i = Below(4); i > 0; --i) array.Append(Json(depth - 1));
        return array;
      }
      default: {
        Value object = Value::MakeObject();
        for (int i = Below(4); i > 0; --i) {
          object.Set(absl::StrCat("k", Below(9)), Json(depth - 1));
        }
        return object;
      }
    }
  }

  void Fill(google::protobuf::Message* message, int depth = 4) {
    const auto* type = message->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      // What has a format and is required has a value that is no zero.
      const auto& schema = field->options().GetExtension(schema::v1::field);
      const bool is_always =
          schema.required() && schema.format() != schema::v1::FORMAT_NONE;
      if (is_always || Below(2) == 0) FillField(field, message, depth);
    }
  }

 private:
  using FieldDescriptor = google::protobuf::FieldDescriptor;
  using Message = google::protobuf::Message;

  std::string TextOf(const FieldDescriptor* field) {
    const auto& schema = field->options().GetExtension(schema::v1::field);
    if (schema.raw_json()) {
      Value value = Json();
      return value.is_null() ? "1" : FormatJson(value);
    }
    switch (schema.format()) {
      case schema::v1::FORMAT_TIME:
        return FormatKubeTime(absl::FromUnixSeconds(Below(2'000'000'000)));
      case schema::v1::FORMAT_DURATION:
        return absl::StrCat(Below(100), "m", Below(100), "s");
      case schema::v1::FORMAT_GO_DURATION:
        return FormatGoDuration(absl::Milliseconds(Below(10'000'000)));
      default:
        return Text();
    }
  }

  void FillField(const FieldDescriptor* field, Message* message, int depth) {
    const auto* r = message->GetReflection();
    if (!field->is_repeated()) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        SetScalar(field, message);
      } else if (depth > 0) {
        Fill(r->MutableMessage(message, field), depth - 1);
      }
      return;
    }
    for (int i = Below(4); i > 0; --i) {
      if (field->is_map()) {
        FillEntry(field, message, depth, i);
      } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        AddScalar(field, message);
      } else if (depth > 0) {
        Fill(r->AddMessage(message, field), depth - 1);
      }
    }
  }

  void FillEntry(const FieldDescriptor* field, Message* message, int depth,
                 int i) {
    Message* entry = message->GetReflection()->AddMessage(message, field);
    const auto* type = entry->GetDescriptor();
    entry->GetReflection()->SetString(entry, type->map_key(),
                                      absl::StrCat("k.", i, "/x"));
    if (type->map_value()->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      SetScalar(type->map_value(), entry);
    } else if (depth > 0) {
      Fill(entry->GetReflection()->MutableMessage(entry, type->map_value()),
           depth - 1);
    }
  }

  void SetScalar(const FieldDescriptor* field, Message* message) {
    const auto* r = message->GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return r->SetString(message, field, TextOf(field));
      case FieldDescriptor::CPPTYPE_BOOL:
        return r->SetBool(message, field, Below(2) == 0);
      case FieldDescriptor::CPPTYPE_INT32:
        return r->SetInt32(message, field, static_cast<int32_t>(Bits()));
      case FieldDescriptor::CPPTYPE_INT64:
        return r->SetInt64(message, field, static_cast<int64_t>(Bits()));
      case FieldDescriptor::CPPTYPE_UINT32:
        return r->SetUInt32(message, field, static_cast<uint32_t>(Bits()));
      case FieldDescriptor::CPPTYPE_UINT64:
        return r->SetUInt64(message, field, Bits());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return r->SetDouble(message, field, Below(1000) / 8.0);
      default:
        return;
    }
  }
  void AddScalar(const FieldDescriptor* field, Message* message) {
    const auto* r = message->GetReflection();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      r->AddString(message, field, TextOf(field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      r->AddInt64(message, field, static_cast<int64_t>(Bits()));
    }
  }

  std::mt19937_64 random_;
};

}  // namespace weir::test
