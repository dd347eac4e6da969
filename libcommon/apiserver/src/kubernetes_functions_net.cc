// The IP and CIDR libraries.
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ip_address.h"
#include "kubernetes_functions.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"

namespace weir::apiserver {
namespace {

using cel::Meter;
using Values = absl::Span<const cel::Value>;
using Result = cel::Value;

struct CelIp {
  static constexpr char kCelType[] = "net.IP";
  IpAddress address;
  bool operator==(const CelIp& other) const { return address == other.address; }
};

struct CelCidr {
  static constexpr char kCelType[] = "net.CIDR";
  IpPrefix prefix;
  bool operator==(const CelCidr& other) const {
    return prefix.address == other.prefix.address &&
           prefix.length == other.prefix.length;
  }
};

const IpAddress& IpOf(const Result& value) {
  return CelObject<CelIp>::Of(value).address;
}

const IpPrefix& CidrOf(const Result& value) {
  return CelObject<CelCidr>::Of(value).prefix;
}

absl::Status Refused(absl::string_view what, absl::string_view text,
                     absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, " ", GoQuote(text), " ", why));
}

absl::StatusOr<IpAddress> ReadIp(const std::string& text) {
  absl::StatusOr<IpAddress> address = ParseIpAddress(text);
  if (!address.ok()) {
    return Refused("IP Address", text,
                   absl::StrCat("parse error during conversion from string: ",
                                address.status().message()));
  }
  if (!address->zone.empty()) {
    return Refused("IP address", text, "with zone value is not allowed");
  }
  if (address->IsV4InV6()) {
    return Refused("IPv4-mapped IPv6 address", text, "is not allowed");
  }
  return address;
}

absl::StatusOr<IpPrefix> ReadCidr(const std::string& text) {
  absl::StatusOr<IpPrefix> prefix = ParseIpPrefix(text);
  if (!prefix.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "network address parse error during conversion from string: ",
        prefix.status().message()));
  }
  if (prefix->address.IsV4InV6()) {
    return Refused("IPv4-mapped IPv6 address", text, "is not allowed");
  }
  return prefix;
}

Result ErrorOf(const absl::Status& status) {
  return Result::Error(std::string(status.message()));
}

Result ErrorOfCidr(const absl::Status& status) {
  return Result::Error(absl::StrCat(
      "network address parse error during conversion from string: ",
      status.message()));
}

Result ToIp(Values v, Meter&) {
  auto address = ReadIp(v[0].AsString());
  if (!address.ok()) return ErrorOf(address.status());
  return CelObject<CelIp>::Make({*std::move(address)});
}

Result ToCidr(Values v, Meter&) {
  auto prefix = ReadCidr(v[0].AsString());
  if (!prefix.ok()) return ErrorOfCidr(prefix.status());
  return CelObject<CelCidr>::Make({*std::move(prefix)});
}

Result IsIp(Values v, Meter&) {
  return Result::Bool(ReadIp(v[0].AsString()).ok());
}

Result IsCidr(Values v, Meter&) {
  return Result::Bool(ReadCidr(v[0].AsString()).ok());
}

Result IsCanonical(Values v, Meter&) {
  const auto address = ReadIp(v[0].AsString());
  if (!address.ok()) return ErrorOf(address.status());
  return Result::Bool(address->ToString() == v[0].AsString());
}

Result IpText(Values v, Meter&) {
  return Result::String(IpOf(v[0]).ToString());
}

Result Family(Values v, Meter&) {
  return Result::Int(IpOf(v[0]).is_v6 ? 6 : 4);
}

template <bool (IpAddress::*is)() const>
Result Is(Values v, Meter&) {
  return Result::Bool((IpOf(v[0]).*is)());
}

Result CidrText(Values v, Meter&) {
  return Result::String(CidrOf(v[0]).ToString());
}

Result CidrIp(Values v, Meter&) {
  return CelObject<CelIp>::Make({CidrOf(v[0]).address});
}

Result PrefixLength(Values v, Meter&) {
  return Result::Int(CidrOf(v[0]).length);
}

Result Masked(Values v, Meter&) {
  return CelObject<CelCidr>::Make({CidrOf(v[0]).Masked()});
}

Result ContainsIp(Values v, Meter&) {
  return Result::Bool(CidrOf(v[0]).Contains(IpOf(v[1])));
}

Result ContainsIpText(Values v, Meter&) {
  const auto address = ReadIp(v[1].AsString());
  // Upstream takes no error for an address.
  if (!address.ok()) return Result::Error("no such overload");
  return Result::Bool(CidrOf(v[0]).Contains(*address));
}

bool Covers(const IpPrefix& a, const IpPrefix& b) {
  return a.length <= b.length && a.Contains(b.address);
}

Result ContainsCidr(Values v, Meter&) {
  return Result::Bool(Covers(CidrOf(v[0]), CidrOf(v[1])));
}

Result ContainsCidrText(Values v, Meter&) {
  const auto prefix = ReadCidr(v[1].AsString());
  if (!prefix.ok()) return ErrorOfCidr(prefix.status());
  return Result::Bool(Covers(CidrOf(v[0]), *prefix));
}

}  // namespace

void AddCelNetworks(CelOverloads& out) {
  constexpr auto kGlobal = cel::Overload::Style::kGlobal;
  constexpr auto kMember = cel::Overload::Style::kMember;
  const cel::Overload rows[] = {
      {"ip", "string_to_ip", kGlobal, "string", "net.IP", ToIp},
      {"family", "ip_family", kMember, "net.IP", "int", Family},
      {"ip.isCanonical", "ip_is_canonical", kGlobal, "string", "bool",
       IsCanonical},
      {"isUnspecified", "ip_is_unspecified", kMember, "net.IP", "bool",
       Is<&IpAddress::IsUnspecified>},
      {"isLoopback", "ip_is_loopback", kMember, "net.IP", "bool",
       Is<&IpAddress::IsLoopback>},
      {"isLinkLocalMulticast", "ip_is_link_local_multicast", kMember, "net.IP",
       "bool", Is<&IpAddress::IsLinkLocalMulticast>},
      {"isLinkLocalUnicast", "ip_is_link_local_unicast", kMember, "net.IP",
       "bool", Is<&IpAddress::IsLinkLocalUnicast>},
      {"isGlobalUnicast", "ip_is_global_unicast", kMember, "net.IP", "bool",
       Is<&IpAddress::IsGlobalUnicast>},
      {"isIP", "is_ip", kGlobal, "string", "bool", IsIp},
      {"string", "ip_to_string", kGlobal, "net.IP", "string", IpText},
      {"cidr", "string_to_cidr", kGlobal, "string", "net.CIDR", ToCidr},
      {"containsIP", "cidr_contains_ip_string", kMember, "net.CIDR, string",
       "bool", ContainsIpText},
      {"containsIP", "cidr_contains_ip_ip", kMember, "net.CIDR, net.IP", "bool",
       ContainsIp},
      {"containsCIDR", "cidr_contains_cidr_string", kMember, "net.CIDR, string",
       "bool", ContainsCidrText},
      {"containsCIDR", "cidr_contains_cidr", kMember, "net.CIDR, net.CIDR",
       "bool", ContainsCidr},
      {"ip", "cidr_ip", kMember, "net.CIDR", "net.IP", CidrIp},
      {"prefixLength", "cidr_prefix_length", kMember, "net.CIDR", "int",
       PrefixLength},
      {"masked", "cidr_masked", kMember, "net.CIDR", "net.CIDR", Masked},
      {"isCIDR", "is_cidr", kGlobal, "string", "bool", IsCidr},
      {"string", "cidr_to_string", kGlobal, "net.CIDR", "string", CidrText},
  };
  out.insert(out.end(), std::begin(rows), std::end(rows));
}

}  // namespace weir::apiserver
