#include "weir/gotmpl/template.h"

#include <sys/random.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "evaluator.h"
#include "go_strconv.h"
#include "node.h"

namespace weir::gotmpl {

namespace {

constexpr absl::string_view kChainPayload = "weir.dev/gotmpl-wrapped-errors";

// Where the frames of this thread's stack are now.
const char* StackPosition() {
  return static_cast<const char*>(__builtin_frame_address(0));
}

}  // namespace

// SplitMix64.
struct Execution::Generator {
  uint64_t state;
  uint64_t Next() {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
};

Execution::Execution(ExecOptions options)
    : options_(std::move(options)), stack_base_(StackPosition()) {
  if (options_.seed) {
    generator_ = std::make_unique<Generator>(Generator{*options_.seed});
  }
}

Execution::~Execution() = default;

absl::Status Execution::Charge(size_t bytes) {
  function_bytes_ += bytes;
  if (bytes > options_.limits.max_value_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("value of ", bytes, " bytes, above the limit of ",
                     options_.limits.max_value_bytes));
  }
  if (function_bytes_ > options_.limits.max_function_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("functions made more than ",
                     options_.limits.max_function_bytes, " bytes"));
  }
  return absl::OkStatus();
}

absl::Status Execution::Step(uint64_t steps) {
  steps_ += steps;
  if (steps_ <= options_.limits.max_steps) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "exceeded maximum of ", options_.limits.max_steps, " steps"));
}

absl::Time Execution::Now() const {
  return options_.now ? options_.now() : absl::Now();
}

void Execution::Random(void* bytes, size_t size) {
  auto* out = static_cast<unsigned char*>(bytes);
  while (size > 0) {
    size_t done = 0;
    if (generator_ != nullptr) {
      const uint64_t word = generator_->Next();
      done = std::min(size, sizeof(word));
      std::copy_n(reinterpret_cast<const unsigned char*>(&word), done, out);
    } else {
      const ssize_t got = getrandom(out, size, 0);
      done = got > 0 ? static_cast<size_t>(got) : 0;
    }
    out += done;
    size -= done;
  }
}

uint64_t Execution::RandomBelow(uint64_t bound) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t word = 0;
  do {
    Random(&word, sizeof(word));
  } while (word >= limit);
  return word % bound;
}

std::shared_ptr<const void>& Execution::Cached(const std::string& key) {
  constexpr size_t kMostEntries = 1000;
  if (cache_.size() >= kMostEntries) cache_.clear();
  return cache_[key];
}

// Templates by name; a lower layer is never written again.
struct Set::Layer {
  std::map<std::string, TemplateRef, std::less<>> templates;
  std::shared_ptr<const Layer> below;
};

Set::Set(std::shared_ptr<const FunctionTable> functions, absl::string_view name)
    : functions_(std::move(functions)),
      name_(name),
      top_(std::make_shared<Layer>()) {}

Set Set::Overlay() const {
  Set overlay(functions_, name_);
  overlay.top_->below = top_;
  return overlay;
}

TemplateRef Set::Find(absl::string_view name) const {
  for (const Layer* layer = top_.get(); layer != nullptr;
       layer = layer->below.get()) {
    const auto found = layer->templates.find(name);
    if (found != layer->templates.end()) return found->second;
  }
  return nullptr;
}

std::vector<std::string> Set::names() const {
  std::set<std::string> names;
  for (const Layer* layer = top_.get(); layer != nullptr;
       layer = layer->below.get()) {
    for (const auto& [name, parsed] : layer->templates) names.insert(name);
  }
  return {names.begin(), names.end()};
}

absl::StatusOr<TemplateRef> Set::Parse(absl::string_view name,
                                       absl::string_view text) {
  absl::StatusOr<std::vector<TemplateRef>> parsed =
      ParseTemplates(name, text, functions_);
  if (!parsed.ok()) return parsed.status();
  if (top_.use_count() > 1) {
    // An overlay or a copy sees what is there now.
    auto layer = std::make_shared<Layer>();
    layer->below = std::move(top_);
    top_ = std::move(layer);
  }
  for (const TemplateRef& one : *parsed) {
    if (IsEmptyTree(one->root) && Find(one->name) != nullptr) continue;
    top_->templates[one->name] = one;
  }
  return parsed->back();
}

absl::Status Set::Execute(Execution& execution, absl::string_view name,
                          const Any& data, std::string* out) const {
  const TemplateRef found = Find(name);
  if (found == nullptr) {
    std::string text = "template: no template ";
    AppendQuoted(name, false, &text);
    text.append(" associated with template ");
    AppendQuoted(name_, false, &text);
    return absl::InvalidArgumentError(text);
  }
  return Execute(execution, found, data, out);
}

absl::Status Set::Execute(Execution& execution, const TemplateRef& parsed,
                          const Any& data, std::string* out) const {
  return Evaluator(execution, *this, out).Run(*parsed, data);
}

std::vector<std::string> UnwrapChain(const absl::Status& error) {
  std::vector<std::string> chain;
  const absl::optional<absl::Cord> payload = error.GetPayload(kChainPayload);
  if (!payload) return {std::string(error.message())};
  const std::string text(*payload);
  absl::string_view rest = text;
  while (!rest.empty()) {
    const size_t colon = rest.find(':');
    size_t size = 0;
    if (colon == absl::string_view::npos ||
        !absl::SimpleAtoi(rest.substr(0, colon), &size)) {
      break;
    }
    chain.emplace_back(rest.substr(colon + 1, size));
    rest.remove_prefix(std::min(rest.size(), colon + 1 + size));
  }
  return chain;
}

absl::Status WrapError(absl::string_view text, const absl::Status& cause) {
  const absl::StatusCode code =
      cause.code() == absl::StatusCode::kResourceExhausted
          ? cause.code()
          : absl::StatusCode::kInvalidArgument;
  absl::Status status(code, text);
  // A Cord shares what it is made of: a thousand levels cost no copies.
  absl::Cord chain(absl::StrCat(text.size(), ":", text));
  if (absl::optional<absl::Cord> wrapped = cause.GetPayload(kChainPayload)) {
    chain.Append(*std::move(wrapped));
  } else {
    chain.Append(absl::StrCat(cause.message().size(), ":", cause.message()));
  }
  status.SetPayload(kChainPayload, std::move(chain));
  return status;
}

}  // namespace weir::gotmpl
