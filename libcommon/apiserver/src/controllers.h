// Controllers are the server's own reconcilers: CustomResourceDefinitions,
// namespaces, garbage, workloads. They see every change after it was
// committed, on one thread, and act through the handler.
//
// Touches: nothing itself; process (one thread).
// Threads: Start and Publish may be called from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend.h"
#include "handler.h"
#include "weir/base/log.h"
#include "weir/base/task_queue.h"

namespace weir::apiserver {

constexpr char kControllerManager[] = "kube-controller-manager";

// What controllers act through.
class ControllerContext {
 public:
  ControllerContext(ApiHandler& handler, TaskQueue& tasks, Logger logger)
      : handler_(handler), tasks_(tasks), logger_(std::move(logger)) {}

  Store& store() const { return handler_.store(); }
  Registry& registry() const { return handler_.registry(); }
  ApiHandler& handler() const { return handler_; }
  TaskQueue& tasks() const { return tasks_; }
  const Logger& logger() const { return logger_; }
  absl::Time Now() const { return handler_.clock().Now(); }

  // Requests of the controller manager. `done` runs on the controllers'
  // thread; null: the answer is ignored.
  using Done = std::function<void(const ApiResponse&)>;
  void Create(const Value& object, Done done = nullptr) const;
  void Delete(const kube::ObjectRef& ref, Value options,
              Done done = nullptr) const;
  // Changes an object that exists.
  void Edit(const kube::ObjectRef& ref, absl::string_view subresource,
            std::function<absl::Status(Value&)> edit, Done done = nullptr,
            absl::string_view manager = kControllerManager) const;
  void Call(ApiRequest request, Done done) const;

 private:
  ApiHandler& handler_;
  TaskQueue& tasks_;
  const Logger logger_;
};

class Controller {
 public:
  virtual ~Controller() = default;
  // Of the controllers' thread: once at the start, then after each change.
  virtual void Start() {}
  virtual void OnChange(const LoggedChange& change) = 0;
};

// A status condition, set or replaced by type; its lastTransitionTime moves
// only with its status.
void SetCondition(Value& object, absl::string_view type,
                  absl::string_view status, absl::string_view reason,
                  absl::string_view message, absl::Time now,
                  bool has_update_time = false);

std::unique_ptr<Controller> MakeCrdController(const ControllerContext& context,
                                              WatchHub& hub);
std::unique_ptr<Controller> MakeNamespaceController(
    const ControllerContext& context, const std::string& ca_pem);
std::unique_ptr<Controller> MakeGarbageCollector(
    const ControllerContext& context);

// Serves the kinds of all stored CRDs, before the first request.
void ServeStoredCrds(const Store& store, Registry& registry);

}  // namespace weir::apiserver
