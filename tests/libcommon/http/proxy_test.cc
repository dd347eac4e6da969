#include "weir/http/proxy.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

struct ProxyCase {
  const char* name;
  const char* no_proxy;
  const char* url;
  const char* want;
};
class ChooseProxyTest : public testing::TestWithParam<ProxyCase> {};

TEST_P(ChooseProxyTest, Chooses) {
  const ProxySettings settings{
      .https_proxy = "http://secure:1",
      .http_proxy = "plain:2",
      .no_proxy = GetParam().no_proxy,
  };
  EXPECT_EQ(ChooseProxy(settings, GetParam().url), GetParam().want);
}

constexpr char kSecure[] = "http://secure:1";
constexpr char kPlain[] = "http://plain:2";

INSTANTIATE_TEST_SUITE_P(
    Table, ChooseProxyTest,
    testing::Values(
        ProxyCase{"Https", "", "https://example.com/", kSecure},
        ProxyCase{"HttpGetsAScheme", "", "http://example.com/", kPlain},
        ProxyCase{"Localhost", "", "https://localhost:1/", ""},
        ProxyCase{"Loopback", "", "https://127.1.2.3/", ""},
        ProxyCase{"Loopback6", "", "https://[::1]:6443/", ""},
        ProxyCase{"All", "a,*", "https://example.com/", ""},
        ProxyCase{"SameHost", "example.com", "https://example.com/", ""},
        ProxyCase{"SubDomain", "example.com", "https://a.example.com/", ""},
        ProxyCase{"NoSubDomain", "example.com", "https://badexample.com/",
                  kSecure},
        ProxyCase{"OnlySubDomains", ".example.com", "https://example.com/",
                  kSecure},
        ProxyCase{"DottedSubDomain", ".example.com", "https://a.example.com/",
                  ""},
        ProxyCase{"AnyCaseAndSpaces", " A.B , EXAMPLE.com ",
                  "https://Example.COM/", ""},
        ProxyCase{"Address", "10.0.0.1", "https://10.0.0.1:443/", ""},
        ProxyCase{"OtherAddress", "10.0.0.1", "https://10.0.0.11/", kSecure},
        ProxyCase{"Range", "10.0.0.0/8", "https://10.9.8.7/", ""},
        ProxyCase{"OutOfRange", "10.0.0.0/8", "https://11.0.0.1/", kSecure},
        ProxyCase{"Range6", "fd00::/8", "https://[fd12::1]/", ""},
        ProxyCase{"BadRange", "10.0.0.0/x,1/2/3", "https://10.0.0.1/", kSecure},
        ProxyCase{"Port", "example.com:8443", "https://example.com:8443/", ""},
        ProxyCase{"OtherPort", "example.com:8443", "https://example.com/",
                  kSecure},
        ProxyCase{"BadUrl", "", "nonsense", ""}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ChooseProxyTest, NoneIsSet) {
  EXPECT_EQ(ChooseProxy({}, "https://example.com/"), "");
}

}  // namespace
}  // namespace weir::http
