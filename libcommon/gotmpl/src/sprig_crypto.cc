// Sprig's crypto.go.
#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "certificates.h"
#include "encodings.h"
#include "rows.h"
#include "types.h"
#include "weir/base/status.h"
#include "weir/gotmpl/format.h"

namespace weir::gotmpl {
namespace {

class CertificateObject final : public Object {
 public:
  explicit CertificateObject(KeyPair p) : pair(std::move(p)) {}
  Any GetField(size_t index) const override {
    return Any::String(index == 0 ? pair.certificate : pair.key);
  }
  const KeyPair pair;
};

Any Wrapped(KeyPair pair) {
  return Any::OfObject(types::Certificate(),
                       new CertificateObject(std::move(pair)));
}

const KeyPair& PairOf(const Any& value) {
  return static_cast<const CertificateObject*>(value.AsObject())->pair;
}

absl::string_view Arg(const Call& call, size_t i) {
  return call.args[i].AsString();
}

// The texts of a list; `what` is said of one that is none. `check` is asked
// of each.
absl::StatusOr<std::vector<std::string>> Texts(
    const Any& list, absl::string_view what,
    absl::Status (*check)(const std::string&)) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < list.size(); ++i) {
    const Any item = list.At(i);
    if (item.type() != types::String()) {
      return GoError(what, FormatValue(item), " is not a string");
    }
    texts.emplace_back(item.AsString());
    WEIR_RETURN_IF_ERROR(check(texts.back()));
  }
  return texts;
}

// What these cost by design: a step for each 40 ns that they were measured to
// take, so that all that a template may ask for ends within a second, whatever
// it is. There is room for sixteen hashes, four derived passwords, 64
// certificates, three RSA keys of 4,096 bits or two DSA keys; Harbor's chart,
// which makes most, takes 57 certificates and a hash.
constexpr uint64_t kStepsPerHash = 1'180'000;
constexpr uint64_t kStepsPerPassword = 4'300'000;
constexpr uint64_t kStepsPerCertificate = 290'000;
constexpr uint64_t kStepsPerSignature = 50'000;
constexpr uint64_t kStepsPerReadPair = 15'000;
constexpr uint64_t kStepsPerCipher = 20;
constexpr uint64_t kStepsPerLargeKey = 6'000'000;
constexpr uint64_t kStepsPerDsaKey = 9'000'000;

// What signing with a key takes more, which grows with the third power of an
// RSA key's length, and so of its PEM text's: 19,000 for 2,048 bits.
uint64_t StepsToSign(absl::string_view key_pem) {
  constexpr uint64_t kMostBytes = 1 << 20, kCubesPerStep = 250'000;
  const uint64_t bytes = std::min<uint64_t>(key_pem.size(), kMostBytes);
  return bytes * bytes * bytes / kCubesPerStep;
}

Result Made(Call& call, const CertificateRequest& request) {
  const std::string& signer =
      request.authority == nullptr ? request.key_pem : request.authority->key;
  WEIR_RETURN_IF_ERROR(call.execution.Step(
      (request.key_pem.empty() ? kStepsPerCertificate : kStepsPerSignature) +
      StepsToSign(signer)));
  WEIR_ASSIGN_OR_RETURN(KeyPair pair,
                        MakeCertificate(request, call.execution.Now()));
  return Wrapped(std::move(pair));
}

Result Authority(Call& call) {
  CertificateRequest request;
  request.common_name = std::string(Arg(call, 0));
  request.days_valid = call.args[1].AsInt();
  request.is_authority = true;
  if (call.args.size() > 2) request.key_pem = std::string(Arg(call, 2));
  return Made(call, request);
}

absl::Status Fill(Call& call, CertificateRequest* request) {
  request->common_name = std::string(Arg(call, 0));
  WEIR_ASSIGN_OR_RETURN(request->ips,
                        Texts(call.args[1], "error parsing ip: ", CheckIp));
  WEIR_ASSIGN_OR_RETURN(
      request->dns_names,
      Texts(call.args[2], "error processing alternate dns name: ",
            [](const std::string&) { return absl::OkStatus(); }));
  request->days_valid = call.args[3].AsInt();
  return absl::OkStatus();
}

Result SelfSigned(Call& call) {
  CertificateRequest request;
  WEIR_RETURN_IF_ERROR(Fill(call, &request));
  if (call.args.size() > 4) request.key_pem = std::string(Arg(call, 4));
  return Made(call, request);
}

Result Signed(Call& call) {
  CertificateRequest request;
  WEIR_RETURN_IF_ERROR(Fill(call, &request));
  request.authority = &PairOf(call.args[4]);
  if (call.args.size() > 5) request.key_pem = std::string(Arg(call, 5));
  return Made(call, request);
}

Result BuildCustom(Call& call) {
  WEIR_RETURN_IF_ERROR(call.execution.Step(kStepsPerReadPair));
  const absl::StatusOr<std::string> certificate = DecodeBase64(Arg(call, 0));
  if (!certificate.ok()) {
    return GoError("unable to decode base64 certificate");
  }
  const absl::StatusOr<std::string> key = DecodeBase64(Arg(call, 1));
  if (!key.ok()) return GoError("unable to decode base64 private key");
  WEIR_RETURN_IF_ERROR(CheckKeyPair(*certificate, *key));
  return Wrapped(KeyPair{*certificate, *key});
}

absl::StatusOr<std::string> Hashed(Call& call, absl::string_view password) {
  WEIR_RETURN_IF_ERROR(call.execution.Step(kStepsPerHash));
  std::string salt(16, '\0');
  call.execution.Random(salt.data(), salt.size());
  return Bcrypt(password, salt);
}

Result Htpasswd(Call& call) {
  if (absl::StrContains(Arg(call, 0), ':')) {
    return Any::String(absl::StrCat("invalid username: ", Arg(call, 0)));
  }
  WEIR_ASSIGN_OR_RETURN(const std::string hash, Hashed(call, Arg(call, 1)));
  return Any::String(absl::StrCat(Arg(call, 0), ":", hash));
}

Result PrivateKey(Call& call) {
  const absl::string_view type = Arg(call, 0);
  uint64_t steps = kStepsPerLargeKey;
  if (type == "ecdsa" || type == "ed25519") steps = kStepsPerSignature;
  if (type == "dsa") steps = kStepsPerDsaKey;
  WEIR_RETURN_IF_ERROR(call.execution.Step(steps));
  return Any::String(MakePrivateKey(type));
}

Result DerivedPassword(Call& call) {
  WEIR_RETURN_IF_ERROR(call.execution.Step(kStepsPerPassword));
  return Any::String(
      DerivePassword(static_cast<uint32_t>(call.args[0].AsUint()), Arg(call, 1),
                     Arg(call, 2), Arg(call, 3), Arg(call, 4)));
}

Result Encrypt(Call& call) {
  WEIR_RETURN_IF_ERROR(call.execution.Step(kStepsPerCipher));
  if (Arg(call, 1).empty()) return Any::String("");
  std::string vector(16, '\0');
  call.execution.Random(vector.data(), vector.size());
  return Text(
      call, absl::Base64Escape(EncryptCbc(Arg(call, 0), Arg(call, 1), vector)));
}

Result Decrypt(Call& call) {
  WEIR_RETURN_IF_ERROR(call.execution.Step(kStepsPerCipher));
  if (Arg(call, 1).empty()) return Any::String("");
  WEIR_ASSIGN_OR_RETURN(const std::string bytes, DecodeBase64(Arg(call, 1)));
  WEIR_ASSIGN_OR_RETURN(
      const std::string text,
      DecryptCbc(Arg(call, 0), bytes, Arg(call, 1).size() / 4 * 3));
  return Text(call, text);
}

constexpr absl::string_view kText = "func(string) string";
#define WEIR_LISTS "func(string, []interface {}, []interface {}, int"

constexpr Row kRows[] = {
    {"bcrypt", kText,
     [](Call& call) -> Result {
       WEIR_ASSIGN_OR_RETURN(const std::string hash,
                             Hashed(call, Arg(call, 0)));
       return Any::String(hash);
     }},
    {"htpasswd", "func(string, string) string", Htpasswd},
    {"genPrivateKey", kText, PrivateKey},
    {"derivePassword", "func(uint32, string, string, string, string) string",
     DerivedPassword},
    {"buildCustomCert", "func(string, string) (sprig.certificate, error)",
     BuildCustom},
    {"genCA", "func(string, int) (sprig.certificate, error)", Authority},
    {"genCAWithKey", "func(string, int, string) (sprig.certificate, error)",
     Authority},
    {"genSelfSignedCert", WEIR_LISTS ") (sprig.certificate, error)",
     SelfSigned},
    {"genSelfSignedCertWithKey",
     WEIR_LISTS ", string) (sprig.certificate, error)", SelfSigned},
    {"genSignedCert",
     WEIR_LISTS ", sprig.certificate) (sprig.certificate, error)", Signed},
    {"genSignedCertWithKey",
     WEIR_LISTS ", sprig.certificate, string) (sprig.certificate, error)",
     Signed},
    {"encryptAES", "func(string, string) (string, error)", Encrypt},
    {"decryptAES", "func(string, string) (string, error)", Decrypt},
};

#undef WEIR_LISTS

}  // namespace

const Type* types::Certificate() {
  static const Type* const type = [] {
    Type* certificate = new Type;
    certificate->name = "sprig.certificate";
    certificate->kind = Kind::kStruct;
    certificate->is_named = true;
    certificate->fields = {{"Cert", String()}, {"Key", String()}};
    return certificate;
  }();
  return type;
}

void AddCrypto(FunctionTable& table) { AddRows(kRows, table); }

}  // namespace weir::gotmpl
