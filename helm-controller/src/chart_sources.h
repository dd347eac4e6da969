// What a release's source says of itself: its artifact, or why there is none.
//
// Touches: nothing.
// Threads: pure functions, but for FindChartSource, which is safe to call from
// many.
// Source: helm-controller.md, section 4.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "weir/artifact/artifact.h"
#include "weir/base/context.h"
#include "weir/consumer/source_watch.h"
#include "weir/kube/informer.h"

namespace weir::helm_controller {

struct ChartSource {
  enum class State { kReady, kNotReady, kNotYetKnown, kFailed };
  State state = State::kNotReady;
  artifact::Artifact artifact;  // Of kReady.
  std::string message;          // Of kNotReady.
  absl::Status error;           // Of kFailed; kNotFound: there is none.
};

// What an object says of itself.
ChartSource JudgeSource(const Value& source, const std::string& kind);
// kNotYetKnown: the kind's cache is being filled; ask again soon.
ChartSource FindChartSource(const Context& ctx, consumer::SourceWatch& sources,
                            const artifact::SourceKey& source);

// The revision of a source that has a new artifact, or has become ready; ""
// when it is not ready, for another reason than before; nothing when the
// change is no news.
std::optional<std::string> FindNews(const kube::Change& change,
                                    const std::string& kind);

}  // namespace weir::helm_controller
