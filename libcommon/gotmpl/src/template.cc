#include "weir/gotmpl/template.h"

#include <sys/random.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "cycles.h"
#include "evaluator.h"
#include "go_strconv.h"
#include "memory.h"
#include "node.h"

namespace weir::gotmpl {

namespace {

constexpr absl::string_view kChainPayload = "weir.dev/gotmpl-wrapped-errors";
// What a function reads or writes in the time of a step.
constexpr size_t kBytesPerStep = 64;

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
    : options_(std::move(options)),
      cycles_(std::make_unique<CycleWatch>()),
      stack_base_(StackPosition()),
      live_base_(LiveBytes()) {
  if (options_.seed) {
    generator_ = std::make_unique<Generator>(Generator{*options_.seed});
  }
}

Execution::~Execution() = default;

absl::Status Execution::CheckLive(size_t more) const {
  const int64_t live = std::max<int64_t>(0, LiveBytes() - live_base_);
  if (more <= options_.limits.max_live_bytes &&
      static_cast<size_t>(live) + more <= options_.limits.max_live_bytes) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("values of more than ", options_.limits.max_live_bytes,
                   " bytes in use at once"));
}

absl::Status Execution::Charge(size_t bytes) {
  if (bytes > options_.limits.max_value_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("value of ", bytes, " bytes, above the limit of ",
                     options_.limits.max_value_bytes));
  }
  return Reserve(bytes);
}

absl::Status Execution::Reserve(size_t bytes) {
  absl::Status status = CheckLive(bytes);
  return status.ok() ? Step(bytes / kBytesPerStep) : status;
}

absl::Status Execution::Step(uint64_t steps) {
  const uint64_t most = options_.limits.max_steps;
  steps_ = steps > most ? most + 1 : steps_ + steps;
  if (steps_ <= most) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("exceeded maximum of ", most, " steps"));
}

void Execution::Wrote(const Any& dict, const Any& value) {
  if (dict.AsDict() != nullptr) cycles_->Written(*dict.AsDict(), value);
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
      if (random_left_ == 0) {
        const ssize_t got = getrandom(random_.data(), random_.size(), 0);
        // Fewer than were asked for would lie at the start.
        if (got != static_cast<ssize_t>(random_.size())) continue;
        random_left_ = random_.size();
      }
      done = std::min(size, random_left_);
      unsigned char* const from =
          random_.data() + random_.size() - random_left_;
      std::copy_n(from, done, out);
      // Nobody reads them twice.
      std::fill_n(from, done, static_cast<unsigned char>(0));
      random_left_ -= done;
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
  constexpr size_t kMostEntries = 32;
  if (cache_.size() >= kMostEntries) cache_.clear();
  return cache_[key];
}

// Templates by name; a lower layer is never written again.
struct Set::Layer {
  absl::flat_hash_map<std::string, TemplateRef> templates;
  std::shared_ptr<const Layer> below;
};

Set::Set(std::shared_ptr<const FunctionTable> functions, absl::string_view name)
    : functions_(std::move(functions)),
      name_(name),
      top_(std::make_shared<Layer>()) {}

Set Set::Overlay() const {
  Set overlay(functions_, name_);
  overlay.top_->below = top_;
  overlay.nodes_ = nodes_;
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
  return Add(name, text, /*is_kept=*/false);
}

absl::StatusOr<TemplateRef> Set::ParseKept(absl::string_view name,
                                           absl::string_view text) {
  return Add(name, text, /*is_kept=*/true);
}

absl::StatusOr<TemplateRef> Set::Add(absl::string_view name,
                                     absl::string_view text, bool is_kept) {
  absl::StatusOr<std::vector<TemplateRef>> parsed =
      ParseTemplates(name, text, is_kept, functions_, kMaxNodes - nodes_);
  if (!parsed.ok()) return parsed.status();
  nodes_ += parsed->back()->source->nodes();
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

// The chain is a list of lengths when, as nearly always, each text ends with
// that of what it wraps; a text that does not is kept whole.
void ForEachWrapped(const absl::Status& error,
                    const std::function<bool(absl::string_view)>& visit) {
  absl::string_view last = error.message();
  const absl::optional<absl::Cord> payload = error.GetPayload(kChainPayload);
  if (!payload) {
    visit(last);
    return;
  }
  const std::string text(*payload);
  absl::string_view rest = text;
  while (!rest.empty()) {
    const bool is_suffix = absl::ConsumePrefix(&rest, "s");
    const size_t end = rest.find(':');
    size_t size = 0;
    if (end == absl::string_view::npos ||
        !absl::SimpleAtoi(rest.substr(0, end), &size)) {
      return;
    }
    rest.remove_prefix(end + 1);
    if (is_suffix) {
      last.remove_prefix(last.size() - std::min(size, last.size()));
    } else {
      last = rest.substr(0, size);
      rest.remove_prefix(last.size());
    }
    if (!visit(last)) return;
  }
}

std::vector<std::string> UnwrapChain(const absl::Status& error) {
  std::vector<std::string> chain;
  ForEachWrapped(error, [&](absl::string_view text) {
    chain.emplace_back(text);
    return true;
  });
  return chain;
}

absl::Status WrapError(absl::string_view text, const absl::Status& cause) {
  const absl::StatusCode code =
      cause.code() == absl::StatusCode::kResourceExhausted
          ? cause.code()
          : absl::StatusCode::kInvalidArgument;
  absl::Status status(code, text);
  const absl::string_view inner = cause.message();
  const bool is_suffix = absl::EndsWith(text, inner);
  absl::Cord chain(absl::StrCat("s", text.size(), ":"));
  chain.Append(is_suffix ? absl::StrCat("s", inner.size(), ":")
                         : absl::StrCat(inner.size(), ":", inner));
  if (absl::optional<absl::Cord> wrapped = cause.GetPayload(kChainPayload)) {
    // Its first entry is its own text, which stands here already.
    const std::string first = absl::StrCat("s", inner.size(), ":");
    wrapped->RemovePrefix(std::min(first.size(), wrapped->size()));
    chain.Append(*std::move(wrapped));
  }
  status.SetPayload(kChainPayload, std::move(chain));
  return status;
}

}  // namespace weir::gotmpl
