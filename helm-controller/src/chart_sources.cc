#include "src/chart_sources.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/kube/conditions.h"
#include "weir/reconcile/conditions.h"
#include "weir/reconcile/status_writer.h"

namespace weir::helm_controller {
namespace {

constexpr char kUnreconciled[] =
    "latest generation of object has not been reconciled";

std::string MessageOf(const Value& object, absl::string_view type) {
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (condition.GetString("type") == type) {
      return std::string(condition.GetString("message"));
    }
  }
  return "";
}

bool IsFalse(const Value& object, absl::string_view type) {
  for (const Value& condition : object["status"]["conditions"].array()) {
    if (condition.GetString("type") == type) {
      return condition.GetString("status") == reconcile::kFalse;
    }
  }
  return false;
}

// Why the source cannot be used yet; "" when it can.
std::string FindProblem(const Value& source, const std::string& kind) {
  if (kind != "ExternalArtifact") {
    if (reconcile::GenerationOf(source) !=
        source["status"].GetInt("observedGeneration")) {
      return IsFalse(source, reconcile::kReady)
                 ? MessageOf(source, reconcile::kReady)
                 : kUnreconciled;
    }
    if (kube::IsConditionTrue(source, reconcile::kStalled)) {
      return MessageOf(source, reconcile::kStalled);
    }
  }
  return source["status"]["artifact"].is_object() ? ""
                                                  : "does not have an artifact";
}

}  // namespace

ChartSource JudgeSource(const Value& source, const std::string& kind) {
  ChartSource answer;
  const std::string problem = FindProblem(source, kind);
  if (!problem.empty()) {
    answer.message = absl::StrCat(kind, " '", kube::KeyOf(source).ToString(),
                                  "' is not ready: ", problem);
    return answer;
  }
  answer.state = ChartSource::State::kReady;
  answer.artifact = *consumer::ArtifactOf(source);
  return answer;
}

ChartSource FindChartSource(const Context& ctx, consumer::SourceWatch& sources,
                            const artifact::SourceKey& source) {
  const consumer::SourceWatch::Answer found = sources.Find(ctx, source);
  ChartSource answer;
  switch (found.state) {
    case consumer::SourceWatch::State::kFound:
      return JudgeSource(found.object, source.kind);
    case consumer::SourceWatch::State::kNotYetKnown:
      answer.state = ChartSource::State::kNotYetKnown;
      return answer;
    case consumer::SourceWatch::State::kMissing:
    case consumer::SourceWatch::State::kFailed:
      answer.state = ChartSource::State::kFailed;
      answer.error = found.error;
  }
  return answer;
}

std::optional<std::string> FindNews(const kube::Change& change,
                                    const std::string& kind) {
  const std::string problem = FindProblem(change.after, kind);
  if (!problem.empty()) {  // Those that wait tell what for.
    if (problem == kUnreconciled || problem == FindProblem(change.before, kind))
      return std::nullopt;
    return "";
  }
  const bool became_ready =
      !kube::IsConditionTrue(change.before, reconcile::kReady) &&
      kube::IsConditionTrue(change.after, reconcile::kReady);
  if (!became_ready && !consumer::HasNewArtifact(change.before, change.after)) {
    return std::nullopt;
  }
  return consumer::ArtifactOf(change.after)->revision;
}

}  // namespace weir::helm_controller
