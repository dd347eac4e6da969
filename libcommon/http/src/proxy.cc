#include "weir/http/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/client_url.h"

namespace weir::http {
namespace {

// An IPv4 address is held in its IPv6 form, "::ffff:a.b.c.d".
using Address = std::array<unsigned char, 16>;
constexpr int kIpv4Offset = 12;

bool IsIpv4(absl::string_view text) { return !absl::StrContains(text, ':'); }

std::optional<Address> ParseAddress(absl::string_view text) {
  const std::string copy(text);
  Address address = {};
  if (!IsIpv4(text)) {
    if (inet_pton(AF_INET6, copy.c_str(), address.data()) != 1) {
      return std::nullopt;
    }
    return address;
  }
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, copy.c_str(), address.data() + kIpv4Offset) != 1) {
    return std::nullopt;
  }
  return address;
}

bool IsInRange(const Address& address, absl::string_view range) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(range, absl::MaxSplits('/', 1));
  const std::optional<Address> base = ParseAddress(parts.first);
  int bits;
  if (!base.has_value() || !absl::SimpleAtoi(parts.second, &bits)) return false;
  if (IsIpv4(parts.first)) bits += kIpv4Offset * 8;
  if (bits < 0 || bits > 128) return false;
  for (int i = 0; i < bits; ++i) {
    const int mask = 0x80 >> (i % 8);
    const size_t at = static_cast<size_t>(i) / 8;
    if ((address[at] & mask) != ((*base)[at] & mask)) return false;
  }
  return true;
}

bool IsLoopback(const Address& address) {
  return IsInRange(address, "127.0.0.0/8") || IsInRange(address, "::1/128");
}

// "[::1]:80" -> {"::1", "80"}; "a.b" -> {"a.b", ""}.
std::pair<absl::string_view, absl::string_view> SplitPort(
    absl::string_view text) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = std::min(text.find(']'), text.size());
    absl::string_view rest = text.substr(std::min(end + 1, text.size()));
    absl::ConsumePrefix(&rest, ":");
    return {text.substr(0, end), rest};
  }
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos ||
      text.find(':', colon + 1) != absl::string_view::npos) {
    return {text, ""};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool IsExempt(absl::string_view no_proxy, absl::string_view host,
              absl::string_view port) {
  const std::optional<Address> address = ParseAddress(host);
  if (host == "localhost") return true;
  if (address.has_value() && IsLoopback(*address)) return true;
  for (absl::string_view piece : absl::StrSplit(no_proxy, ',')) {
    const std::string entry =
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(piece));
    if (entry.empty()) continue;
    if (entry == "*") return true;
    if (absl::StrContains(entry, '/')) {
      if (address.has_value() && IsInRange(*address, entry)) return true;
      continue;
    }
    const auto [name, only_port] = SplitPort(entry);
    if (!only_port.empty() && only_port != port) continue;
    if (const auto same = ParseAddress(name); same.has_value()) {
      if (address == same) return true;
      continue;
    }
    absl::string_view domain = name;
    absl::ConsumePrefix(&domain, "*");
    const bool is_subdomain_only = absl::ConsumePrefix(&domain, ".");
    if (domain.empty()) continue;
    if (host == domain && !is_subdomain_only) return true;
    if (absl::EndsWith(host, absl::StrCat(".", domain))) return true;
  }
  return false;
}

std::string Environment(const char* upper, const char* lower) {
  const char* value = std::getenv(upper);
  if (value == nullptr || *value == '\0') value = std::getenv(lower);
  return value == nullptr ? "" : value;
}

}  // namespace

ProxySettings ProxiesFromEnvironment() {
  ProxySettings settings;
  settings.https_proxy = Environment("HTTPS_PROXY", "https_proxy");
  settings.http_proxy = Environment("HTTP_PROXY", "http_proxy");
  settings.no_proxy = Environment("NO_PROXY", "no_proxy");
  return settings;
}

std::string ChooseProxy(const ProxySettings& settings, absl::string_view url) {
  const absl::StatusOr<Target> target = ParseTarget(url);
  if (!target.ok()) return "";
  const std::string& proxy =
      target->is_https() ? settings.https_proxy : settings.http_proxy;
  if (proxy.empty()) return "";
  const absl::string_view host = SplitPort(target->host).first;
  if (IsExempt(settings.no_proxy, host, target->port)) return "";
  if (absl::StrContains(proxy, "://")) return proxy;
  return absl::StrCat("http://", proxy);
}

}  // namespace weir::http
