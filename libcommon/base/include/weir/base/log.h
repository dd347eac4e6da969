// Logger writes one JSON object a line: a constant message, then fields.
//
// Touches: process (standard error, or the sink it was made with).
// Threads: safe to copy and share; a line is written whole.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weir {

enum class LogLevel { kTrace, kDebug, kInfo, kError };

// "trace", "debug", "info" or "error"; kInvalidArgument otherwise.
absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view text);

// A literal: a variable does not convert to it.
class LogMessage {
 public:
  template <size_t kSize>
  consteval LogMessage(const char (&text)[kSize])  // NOLINT: implicit.
      : text_(text, kSize - 1) {}
  absl::string_view text() const { return text_; }

 private:
  absl::string_view text_;
};

// A small object of strings: {"name": "app", "namespace": "flux-system"}.
struct LogObject {
  LogObject(
      std::initializer_list<std::pair<absl::string_view, absl::string_view>>
          list) {
    for (const auto& [key, value] : list) members.emplace_back(key, value);
  }
  std::vector<std::pair<std::string, std::string>> members;
};

struct LogField {
  LogField(absl::string_view k, LogObject v) : key(k), value(std::move(v)) {}
  LogField(absl::string_view k, absl::string_view v)
      : key(k), value(std::string(v)) {}
  LogField(absl::string_view k, const char* v)
      : key(k), value(std::string(v)) {}
  LogField(absl::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(absl::string_view k, bool v) : key(k), value(v) {}
  LogField(absl::string_view k, int v) : key(k), value(int64_t{v}) {}
  LogField(absl::string_view k, int64_t v) : key(k), value(v) {}
  LogField(absl::string_view k, uint64_t v)
      : key(k), value(static_cast<int64_t>(v)) {}
  LogField(absl::string_view k, double v) : key(k), value(v) {}
  LogField(absl::string_view k, absl::Duration v)
      : key(k), value(absl::FormatDuration(v)) {}
  LogField(absl::string_view k, const absl::Status& v)
      : key(k), value(std::string(v.message())) {}

  std::string key;
  std::variant<std::string, bool, int64_t, double, LogObject> value;
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  // "json": one object a line; "console": tab-separated, for people.
  std::string encoding = "json";
  // Where lines go, newline included. Null: standard error.
  std::function<void(absl::string_view line)> sink;
};

class Logger {
 public:
  // Writes nothing.
  Logger();
  explicit Logger(LogOptions options);

  // A logger whose lines carry `fields` too.
  Logger With(std::initializer_list<LogField> fields) const;

  void Trace(LogMessage message,
             std::initializer_list<LogField> fields = {}) const;
  void Debug(LogMessage message,
             std::initializer_list<LogField> fields = {}) const;
  void Info(LogMessage message,
            std::initializer_list<LogField> fields = {}) const;
  void Error(LogMessage message,
             std::initializer_list<LogField> fields = {}) const;

  bool IsEnabled(LogLevel level) const;

 private:
  struct Core;
  void Write(LogLevel level, LogMessage message,
             std::initializer_list<LogField> fields) const;
  std::shared_ptr<Core> core_;
  std::shared_ptr<const std::string> prefix_;  // Rendered fields of With().
};

}  // namespace weir
