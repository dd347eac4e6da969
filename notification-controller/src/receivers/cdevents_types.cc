// The events of CDEvents 0.4.1, as its schemas have them.
#include <iterator>

#include "src/receivers/cdevents.h"

namespace weir::notification_controller {
namespace {

constexpr CdEventType kEventTypes[] = {
    {"artifact.deleted", "0.1.0", "artifact", "user+"},
    {"artifact.downloaded", "0.1.0", "artifact", "user+"},
    {"artifact.packaged", "0.2.0", "artifact", "change!:reference sbom:sbom"},
    {"artifact.published", "0.2.0", "artifact", "sbom:sbom user+"},
    {"artifact.signed", "0.2.0", "artifact", "signature!+"},
    {"branch.created", "0.2.0", "branch", "repository:reference"},
    {"branch.deleted", "0.2.0", "branch", "repository:reference"},
    {"build.finished", "0.2.0", "build", "artifactId:purl"},
    {"build.queued", "0.2.0", "build", ""},
    {"build.started", "0.2.0", "build", ""},
    {"change.abandoned", "0.2.0", "change", "repository:reference"},
    {"change.created", "0.3.0", "change", "description+ repository:reference"},
    {"change.merged", "0.2.0", "change", "repository:reference"},
    {"change.reviewed", "0.2.0", "change", "repository:reference"},
    {"change.updated", "0.2.0", "change", "repository:reference"},
    {"environment.created", "0.2.0", "environment", "name url"},
    {"environment.deleted", "0.2.0", "environment", "name"},
    {"environment.modified", "0.2.0", "environment", "name url"},
    {"incident.detected", "0.2.0", "incident",
     "artifactId:purl description environment!:reference service:reference"},
    {"incident.reported", "0.2.0", "incident",
     "artifactId:purl description environment!:reference service:reference "
     "ticketURI!+"},
    {"incident.resolved", "0.2.0", "incident",
     "artifactId:purl description environment!:reference service:reference"},
    {"pipelinerun.finished", "0.2.0", "pipelineRun",
     "errors outcome pipelineName url"},
    {"pipelinerun.queued", "0.2.0", "pipelineRun", "pipelineName url"},
    {"pipelinerun.started", "0.2.0", "pipelineRun", "pipelineName! url!"},
    {"repository.created", "0.2.0", "repository", "name!+ owner url!+ viewUrl"},
    {"repository.deleted", "0.2.0", "repository", "name owner url viewUrl"},
    {"repository.modified", "0.2.0", "repository", "name owner url viewUrl"},
    {"service.deployed", "0.2.0", "service",
     "artifactId!:purl environment!:reference"},
    {"service.published", "0.2.0", "service", "environment:reference"},
    {"service.removed", "0.2.0", "service", "environment:reference"},
    {"service.rolledback", "0.2.0", "service",
     "artifactId!:purl environment!:reference"},
    {"service.upgraded", "0.2.0", "service",
     "artifactId!:purl environment!:reference"},
    {"taskrun.finished", "0.2.0", "taskRun",
     "errors outcome pipelineRun:reference taskName url"},
    {"taskrun.started", "0.2.0", "taskRun",
     "pipelineRun:reference taskName url"},
    {"testcaserun.finished", "0.2.0", "testCaseRun",
     "environment!:reference outcome!:pass|fail|cancel|error reason "
     "severity:low|medium|high|critical testCase:testCase "
     "testSuiteRun:reference"},
    {"testcaserun.queued", "0.2.0", "testCaseRun",
     "environment!:reference testCase:testCase testSuiteRun:reference "
     "trigger:trigger"},
    {"testcaserun.skipped", "0.1.0", "testCaseRun",
     "environment:reference reason testCase:testCase "
     "testSuiteRun:reference"},
    {"testcaserun.started", "0.2.0", "testCaseRun",
     "environment!:reference testCase:testCase testSuiteRun:reference "
     "trigger:trigger"},
    {"testoutput.published", "0.2.0", "testOutput",
     "format! outputType!:report|video|image|log|other "
     "testCaseRun:reference uri"},
    {"testsuiterun.finished", "0.2.0", "testSuiteRun",
     "environment!:reference outcome!:pass|fail|cancel|error reason "
     "severity:low|medium|high|critical testSuite:testSuite"},
    {"testsuiterun.queued", "0.2.0", "testSuiteRun",
     "environment!:reference testSuite:testSuite trigger:trigger"},
    {"testsuiterun.started", "0.2.0", "testSuiteRun",
     "environment!:reference testSuite:testSuite trigger:trigger"},
    {"ticket.closed", "0.1.0", "ticket",
     "assignees:texts creator+ group labels:texts milestone priority "
     "resolution!+ summary ticketType updatedBy uri!+"},
    {"ticket.created", "0.1.0", "ticket",
     "assignees:texts creator!+ group labels:texts milestone priority "
     "summary! ticketType uri!+"},
    {"ticket.updated", "0.1.0", "ticket",
     "assignees:texts creator+ group labels:texts milestone priority "
     "summary ticketType updatedBy uri!+"},
};

}  // namespace

absl::Span<const CdEventType> CdEventTypes() { return kEventTypes; }

}  // namespace weir::notification_controller
