#include "src/event_correlator.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "weir/base/duration.h"
#include "weir/base/random.h"

namespace weir::reconcile {
namespace {

// client-go's numbers.
constexpr size_t kMaxSimilar = 10;
constexpr absl::Duration kSimilarWithin = absl::Minutes(10);
constexpr double kBurst = 25;
constexpr double kTokensPerSecond = 1.0 / 300;
constexpr char kCombined[] = "(combined from similar events): ";

std::string JoinKey(std::initializer_list<absl::string_view> parts) {
  return absl::StrJoin(parts, absl::string_view("\0", 1));
}

bool IsDnsSubdomain(absl::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  char before = '.';
  for (const char c : name) {
    const bool is_alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!is_alphanumeric && c != '-' && c != '.') return false;
    // Each label begins and ends with a letter or digit.
    if (before == '.' && !is_alphanumeric) return false;
    if (c == '.' && before == '-') return false;
    before = c;
  }
  return before != '.' && before != '-';
}

// Events of one moment need names of their own, hence the number.
std::string NameOf(const RecordedEvent& event, int64_t nanos) {
  const std::string name = absl::StrCat(
      event.event.object["metadata"].GetString("name"), ".", absl::Hex(nanos));
  return IsDnsSubdomain(name) ? name : RandomUuid();
}

const char* TypeOf(const RecordedEvent& event) {
  return event.event.severity == Severity::kError ? "Warning" : "Normal";
}

Value InvolvedObject(const Value& object) {
  const Value& metadata = object["metadata"];
  Value involved = Value::MakeObject();
  const auto set = [&involved](const char* key, absl::string_view text) {
    if (!text.empty()) involved.Set(key, text);
  };
  set("apiVersion", object.GetString("apiVersion"));
  set("kind", object.GetString("kind"));
  for (const char* key : {"namespace", "name", "uid", "resourceVersion"}) {
    set(key, metadata.GetString(key));
  }
  return involved;
}

Value MakeKubeEvent(const RecordedEvent& event, const std::string& message,
                    int64_t nanos) {
  const Value involved = InvolvedObject(event.event.object);
  const absl::string_view name_space =
      involved.GetString("namespace", "default");
  const std::string now = FormatKubeTime(event.time);
  Value metadata = Value::MakeObject(
      {{"name", NameOf(event, nanos)}, {"namespace", name_space}});
  if (!event.event.metadata.empty()) {
    Value annotations = Value::MakeObject();
    for (const auto& [key, value] : event.event.metadata) {
      annotations.Set(key, value);
    }
    metadata.Set("annotations", std::move(annotations));
  }
  return Value::MakeObject(
      {{"apiVersion", "v1"},
       {"kind", "Event"},
       {"metadata", std::move(metadata)},
       {"involvedObject", involved},
       {"type", TypeOf(event)},
       {"reason", event.event.reason},
       {"message", message},
       {"source", Value::MakeObject({{"component", event.component}})},
       {"reportingComponent", event.component},
       {"reportingInstance", ""},
       {"firstTimestamp", now},
       {"lastTimestamp", now},
       {"count", 1}});
}

}  // namespace

bool EventCorrelator::IsSpam(const std::string& source, absl::Time now) {
  Budget& budget = budgets_.Use(source);
  if (budget.last == absl::InfinitePast()) {
    budget.tokens = kBurst;
  } else {
    budget.tokens += std::max(0.0, absl::ToDoubleSeconds(now - budget.last)) *
                     kTokensPerSecond;
    budget.tokens = std::min(budget.tokens, kBurst);
  }
  budget.last = now;
  if (budget.tokens < 1) return true;
  budget.tokens -= 1;
  return false;
}

EventCorrelator::Verdict EventCorrelator::Judge(const RecordedEvent& event) {
  const Value& object = event.event.object;
  const Value& metadata = object["metadata"];
  const std::string source =
      JoinKey({event.component, object.GetString("kind"),
               metadata.GetString("namespace"), metadata.GetString("name"),
               metadata.GetString("uid"), object.GetString("apiVersion")});
  const std::string group =
      JoinKey({source, TypeOf(event), event.event.reason});

  Verdict verdict{Verdict::Kind::kCreate, Value(), Value(), ""};
  verdict.key = JoinKey({group, event.event.message});
  std::string message = event.event.message;
  Similar& similar = similar_.Use(group);
  if (event.time - similar.last > kSimilarWithin) similar.messages.clear();
  similar.last = event.time;
  similar.messages.insert(message);
  if (similar.messages.size() >= kMaxSimilar) {
    similar.messages.erase(similar.messages.begin());
    message = absl::StrCat(kCombined, message);
    verdict.key = group;
  }

  last_nanos_ = std::max(last_nanos_ + 1, absl::ToUnixNanos(event.time));
  verdict.object = MakeKubeEvent(event, message, last_nanos_);
  Seen& seen = seen_.Use(verdict.key);
  if (seen.count > 0) {
    ++seen.count;
    verdict.kind = Verdict::Kind::kCount;
    verdict.patch =
        Value::MakeObject({{"count", seen.count},
                           {"lastTimestamp", FormatKubeTime(event.time)},
                           {"message", message}});
    verdict.object.Set("count", seen.count);
    verdict.object.Set("firstTimestamp", seen.first_timestamp);
    verdict.object.Mutable("metadata").Set("name", seen.name);
  } else {
    seen.count = 1;
    seen.name = std::string(verdict.object["metadata"].GetString("name"));
    seen.first_timestamp =
        std::string(verdict.object.GetString("firstTimestamp"));
  }
  if (IsSpam(source, event.time)) verdict.kind = Verdict::Kind::kSkip;
  return verdict;
}

void EventCorrelator::Remember(const Verdict& verdict, const Value& stored) {
  Seen& seen = seen_.Use(verdict.key);
  seen.count = std::max(seen.count, stored.GetInt("count", 1));
  seen.name = std::string(stored["metadata"].GetString("name"));
  seen.first_timestamp = std::string(stored.GetString("firstTimestamp"));
}

}  // namespace weir::reconcile
