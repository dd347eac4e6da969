// spdlog stays in this file: it may throw, and nothing else includes it.
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <mutex>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/base/log.h"

namespace weir {
namespace {

// Hands every line to a function.
class CallbackSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CallbackSink(std::function<void(absl::string_view)> write)
      : write_(std::move(write)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_(absl::StrCat(
        absl::string_view(message.payload.data(), message.payload.size()),
        "\n"));
  }
  void flush_() override {}

 private:
  const std::function<void(absl::string_view)> write_;
};

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "trace";
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void AppendJsonString(std::string* out, absl::string_view text) {
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\t':
        out->append("\\t");
        break;
      case '\r':
        out->append("\\r");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned char>(c));
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

void AppendObject(std::string* out, const LogObject& object) {
  absl::string_view separator = "{";
  for (const auto& [key, value] : object.members) {
    out->append(separator.data(), separator.size());
    AppendJsonString(out, key);
    out->push_back(':');
    AppendJsonString(out, value);
    separator = ",";
  }
  out->append(object.members.empty() ? "{}" : "}");
}

// Appends ,"key":value for each field.
void AppendFields(std::string* out, std::initializer_list<LogField> fields) {
  for (const LogField& field : fields) {
    out->push_back(',');
    AppendJsonString(out, field.key);
    out->push_back(':');
    if (const auto* text = std::get_if<std::string>(&field.value)) {
      AppendJsonString(out, *text);
    } else if (const auto* flag = std::get_if<bool>(&field.value)) {
      out->append(*flag ? "true" : "false");
    } else if (const auto* number = std::get_if<int64_t>(&field.value)) {
      absl::StrAppend(out, *number);
    } else if (const auto* object = std::get_if<LogObject>(&field.value)) {
      AppendObject(out, *object);
    } else {
      absl::StrAppend(out, std::get<double>(field.value));
    }
  }
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view text) {
  for (const LogLevel level : {LogLevel::kTrace, LogLevel::kDebug,
                               LogLevel::kInfo, LogLevel::kError}) {
    if (text == LevelName(level)) return level;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "invalid log level '", text, "', must be trace, debug, info or error"));
}

struct Logger::Core {
  LogLevel level;
  bool json;
  std::shared_ptr<spdlog::logger> logger;
};

Logger::Logger() = default;

Logger::Logger(LogOptions options)
    : core_(std::make_shared<Core>()),
      prefix_(std::make_shared<const std::string>()) {
  core_->level = options.level;
  core_->json = options.encoding != "console";
  spdlog::sink_ptr sink;
  if (options.sink) {
    sink = std::make_shared<CallbackSink>(std::move(options.sink));
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  core_->logger = std::make_shared<spdlog::logger>("weir", std::move(sink));
  core_->logger->set_level(SpdlogLevel(options.level));
  core_->logger->set_pattern("%v");
  core_->logger->flush_on(spdlog::level::trace);
}

Logger Logger::With(std::initializer_list<LogField> fields) const {
  Logger child = *this;
  if (core_ == nullptr) return child;
  auto prefix = std::make_shared<std::string>(*prefix_);
  AppendFields(prefix.get(), fields);
  child.prefix_ = std::move(prefix);
  return child;
}

bool Logger::IsEnabled(LogLevel level) const {
  return core_ != nullptr && level >= core_->level;
}

void Logger::Write(LogLevel level, LogMessage message,
                   std::initializer_list<LogField> fields) const {
  if (!IsEnabled(level)) return;
  const std::string ts = absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", absl::Now(),
                                          absl::UTCTimeZone());
  std::string line;
  if (core_->json) {
    absl::StrAppend(&line, "{\"level\":\"", LevelName(level), "\",\"ts\":\"",
                    ts, "\",\"msg\":");
    AppendJsonString(&line, message.text());
    line.append(*prefix_);
    AppendFields(&line, fields);
    line.push_back('}');
  } else {
    std::string extra = *prefix_;
    AppendFields(&extra, fields);
    absl::StrAppend(&line, ts, "\t", LevelName(level), "\t", message.text());
    if (!extra.empty()) absl::StrAppend(&line, "\t{", extra.substr(1), "}");
  }
  try {
    core_->logger->log(SpdlogLevel(level),
                       spdlog::string_view_t(line.data(), line.size()));
  } catch (const std::exception&) {
    // A sink that throws must not end the caller.
  }
}

void Logger::Trace(LogMessage message,
                   std::initializer_list<LogField> fields) const {
  Write(LogLevel::kTrace, message, fields);
}
void Logger::Debug(LogMessage message,
                   std::initializer_list<LogField> fields) const {
  Write(LogLevel::kDebug, message, fields);
}
void Logger::Info(LogMessage message,
                  std::initializer_list<LogField> fields) const {
  Write(LogLevel::kInfo, message, fields);
}
void Logger::Error(LogMessage message,
                   std::initializer_list<LogField> fields) const {
  Write(LogLevel::kError, message, fields);
}

}  // namespace weir
