// UpView shows what `weir up` does: a live table on a terminal, a line a
// change elsewhere.
//
// Touches: process (standard output).
// Threads: safe to share; the manager's informers and events call it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/base/mutex.h"
#include "weir/kube/informer.h"
#include "weir/reconcile/events.h"
#include "weir/value/value.h"

namespace weir::cli {

class UpView {
 public:
  // `is_live`: redraw a table in place, by ANSI sequences.
  explicit UpView(bool is_live) : is_live_(is_live) {}

  // Lines above the table, say where the API server is.
  void SetHeading(std::vector<std::string> lines);
  // An object of the toolkit changed.
  void OnChange(const kube::Change& change);
  // A controller said something.
  void OnEvent(const reconcile::RecordedEvent& event);
  // A message outside of the table.
  void Say(absl::string_view text);
  // Draws again, for the ages; only when live.
  void Tick();

 private:
  struct Row {
    std::string revision, ready, message;
    absl::Time changed;
  };
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string Render() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AddNews(std::string line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const bool is_live_;
  Mutex mu_;
  std::vector<std::string> heading_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Row> rows_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> news_ ABSL_GUARDED_BY(mu_);  // The newest last.
  size_t drawn_lines_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace weir::cli
