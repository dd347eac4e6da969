#include "src/receivers/issuers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

constexpr size_t kMaxDocument = 1u << 20;
constexpr size_t kMaxIssuers = 1000;
constexpr int kMaxRedirects = 5;

bool IsHttps(absl::string_view url) {
  return absl::StartsWithIgnoreCase(url, "https://");
}

bool IsHttp(absl::string_view url) {
  return absl::StartsWithIgnoreCase(url, "http://");
}

// Keys that anybody on the way can change are worth nothing.
bool MayFollow(absl::string_view from, absl::string_view to) {
  return IsHttps(to) || (IsHttp(to) && !IsHttps(from));
}

std::vector<std::string> ReadAlgorithms(const Value& names) {
  std::vector<std::string> out;
  for (const Value& name : names.array()) {
    if (name.is_string() && crypto::IsSignatureAlgorithm(name.AsString())) {
      out.push_back(name.AsString());
    }
  }
  if (out.empty()) out.emplace_back("RS256");
  return out;
}

}  // namespace

Issuers::Issuers(IssuerOptions options)
    : options_(std::move(options)),
      clock_(options_.clock == nullptr ? Clock::Real() : *options_.clock) {}

Issuers::~Issuers() = default;

absl::StatusOr<std::string> Issuers::Get(const Context& ctx,
                                         const std::string& url) {
  http::Request request;
  request.url = url;
  request.headers.Set("Accept", "application/json");
  request.tls = options_.tls;
  request.proxy = http::ChooseProxy(options_.proxies, url);
  request.max_response_bytes = kMaxDocument;
  request.allow_link_local = false;  // Whoever makes Receivers names issuers.
  request.max_redirects = kMaxRedirects;
  request.follow_redirect = [](const http::Redirect& redirect) {
    return MayFollow(redirect.from, redirect.to);
  };
  WEIR_ASSIGN_OR_RETURN(http::Response response,
                        client_.SendAndWait(ctx.WithTimeout(options_.timeout),
                                            std::move(request)),
                        RedactUrl(url));
  if (response.code != 200) {
    return absl::UnavailableError(
        absl::StrCat(RedactUrl(url), ": answered ", response.code));
  }
  return std::move(response.body);
}

absl::StatusOr<std::shared_ptr<const Issuers::Keys>> Issuers::Fetch(
    const Context& ctx, const KeySource& source) {
  Keys keys;
  std::string url = source.keys_url;
  if (url.empty()) {
    const absl::string_view base = absl::StripSuffix(source.issuer, "/");
    WEIR_ASSIGN_OR_RETURN(
        const std::string text,
        Get(ctx, absl::StrCat(base, "/.well-known/openid-configuration")));
    WEIR_ASSIGN_OR_RETURN(const Value document, ParseJson(text),
                          "reading the discovery document");
    if (document.GetString("issuer") != source.issuer) {
      return absl::UnauthenticatedError(
          "the discovery document is of another issuer");
    }
    url = std::string(document.GetString("jwks_uri"));
    if (!MayFollow(source.issuer, url)) {
      return absl::UnauthenticatedError(
          "the discovery document names no address for keys that is as safe "
          "as its own");
    }
    keys.algorithms =
        ReadAlgorithms(document["id_token_signing_alg_values_supported"]);
  } else {
    keys.algorithms = {"RS256"};
  }
  WEIR_ASSIGN_OR_RETURN(const std::string text, Get(ctx, url));
  WEIR_ASSIGN_OR_RETURN(keys.set, crypto::KeySet::Parse(text));
  return std::make_shared<const Keys>(std::move(keys));
}

void Issuers::DropOldest() {
  if (entries_.size() < kMaxIssuers) return;
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (!it->second.is_fetching &&
        (oldest == entries_.end() || it->second.tried < oldest->second.tried)) {
      oldest = it;
    }
  }
  if (oldest != entries_.end()) entries_.erase(oldest);
}

absl::StatusOr<std::shared_ptr<const Issuers::Keys>> Issuers::Find(
    const Context& ctx, const KeySource& source, absl::Duration max_age) {
  const std::string name =
      source.keys_url.empty() ? source.issuer : source.keys_url;
  {
    MutexLock lock(mu_);
    if (entries_.find(name) == entries_.end()) DropOldest();
    Entry* entry = &entries_[name];
    while (entry->is_fetching && entry->keys == nullptr) {
      if (!fetched_.WaitUntil(mu_, ctx.deadline())) {
        return absl::DeadlineExceededError("waiting for the issuer's keys");
      }
      entry = &entries_[name];
    }
    const absl::Time now = clock_.Now();
    const bool is_fresh =
        entry->keys != nullptr &&
        (entry->is_fetching || now - entry->fetched < max_age);
    if (is_fresh) return entry->keys;
    if (now - entry->tried < options_.min_retry) {
      if (entry->keys != nullptr) return entry->keys;
      if (!entry->problem.ok()) return entry->problem;
    }
    entry->is_fetching = true;
    entry->tried = now;
  }
  absl::StatusOr<std::shared_ptr<const Keys>> keys = Fetch(ctx, source);
  MutexLock lock(mu_);
  Entry& entry = entries_[name];
  entry.is_fetching = false;
  entry.problem = keys.status();
  if (keys.ok()) {
    entry.keys = *keys;
    entry.fetched = clock_.Now();
  } else if (clock_.Now() - entry.fetched >= options_.max_age) {
    entry.keys = nullptr;
  }
  fetched_.NotifyAll();
  if (entry.keys != nullptr) return entry.keys;
  return keys;
}

absl::Status Issuers::Verify(const Context& ctx, const KeySource& source,
                             const crypto::Jwt& token) {
  WEIR_ASSIGN_OR_RETURN(std::shared_ptr<const Keys> keys,
                        Find(ctx, source, options_.max_age));
  const absl::Status first = keys->set.Verify(token, keys->algorithms);
  if (first.ok()) return first;
  WEIR_ASSIGN_OR_RETURN(keys, Find(ctx, source, options_.min_refresh));
  const absl::Status second = keys->set.Verify(token, keys->algorithms);
  return absl::IsNotFound(second) ? absl::UnauthenticatedError(second.message())
                                  : second;
}

}  // namespace weir::notification_controller
