// Subresources that are neither status nor scale, and the kinds that are only
// questions: reviews of tokens and of access.
//
// Touches: nothing itself.
// Threads: safe to share.
#pragma once

#include <functional>
#include <string>

#include "api_request.h"
#include "store.h"
#include "tokens.h"
#include "weir/base/clock.h"
#include "write_path.h"

namespace weir::apiserver {

class Subresources {
 public:
  Subresources(Store& store, const WritePath& writes, Tokens& tokens,
               const Clock& clock)
      : store_(store), writes_(writes), tokens_(tokens), clock_(clock) {}

  using Done = std::function<void(ApiResponse)>;
  // Answers any subresource but status and scale.
  void Handle(const ApiRequest& request, const std::string& verb,
              WriteCallPtr call, Done done);

  // Kinds that are answered and never stored.
  static bool IsReview(const KindInfo& kind);
  ApiResponse Review(const ApiRequest& request, const WriteCall& call) const;

 private:
  void IssueToken(const ApiRequest& request, const WriteCall& call,
                  Done done) const;
  void Evict(const ApiRequest& request, WriteCallPtr call, Done done);
  void Bind(const ApiRequest& request, WriteCallPtr call, Done done);
  void Write(WriteCallPtr call, Decide decide, Done done);
  ApiResponse Log(const ApiRequest& request, const WriteCall& call) const;

  Store& store_;
  const WritePath& writes_;
  Tokens& tokens_;
  const Clock& clock_;
};

}  // namespace weir::apiserver
