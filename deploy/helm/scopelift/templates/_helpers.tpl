{{- define "scopelift.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
44 characters: the longest suffix is 19, and a name is a DNS label of 63. A Service's name has no dots, and begins with a letter;
a release's may be `1.2`.
*/}}
{{- define "scopelift.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $own := include "scopelift.name" . -}}
{{- $name = ternary .Release.Name (printf "%s-%s" .Release.Name $own) (contains $own .Release.Name) | replace "." "-" -}}
{{- if not (regexMatch "^[a-z]" $name) -}}
{{- $name = printf "r-%s" $name -}}
{{- end -}}
{{- end -}}
{{ $name | trunc 44 | trimAll "-" }}
{{- end }}

{{/* In quotes, as every text of a value: a release may be called `null`, and a selector without a value selects more than its own. */}}
{{- define "scopelift.selectorLabels" -}}
app.kubernetes.io/name: {{ include "scopelift.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "scopelift.labels" -}}
{{ include "scopelift.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") | quote }}
{{- end }}

{{/* An image of .repository, .tag and .digest; .default stands in for an empty tag. */}}
{{- define "scopelift.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .default }}
{{- end -}}
{{- end }}

{{- define "scopelift.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "scopelift.fullname" .) }}
{{- else -}}
{{ required "serviceAccount.name is missing: with serviceAccount.create=false it names one that is there already" .Values.serviceAccount.name }}
{{- end -}}
{{- end }}

{{/*
The issuer as the program computes it: WHATWG's form of the URL and encodeURIComponent of the realm. Empty where the template
cannot say what that form is: escapes, dot segments, addresses by number, names beyond ASCII.
*/}}
{{- define "scopelift.issuer" -}}
{{- $server := .Values.settings.KEYCLOAK_SERVER_URL -}}
{{- if .Values.settings.KEYCLOAK_ISSUER -}}
{{- .Values.settings.KEYCLOAK_ISSUER -}}
{{- else if and (regexMatch `^(?i:https?)://([-A-Za-z0-9_]+\.)*[A-Za-z]([-A-Za-z0-9_]*[A-Za-z0-9_])?(:[1-9][0-9]*)?(/[-A-Za-z0-9_~.]*)*$` $server) (not (regexMatch `/\.\.?(/|$)|(?i:://|\.)xn--` $server)) -}}
{{- $scheme := regexFind "^[A-Za-z]+" $server | lower -}}
{{- $host := regexFind "^[A-Za-z]+://[^/]+" $server | lower | trimSuffix (ternary ":443" ":80" (eq $scheme "https")) -}}
{{- $path := regexReplaceAll "^[A-Za-z]+://[^/]+" $server "" -}}
{{- $realm := urlquery .Values.settings.KEYCLOAK_REALM | replace "+" "%20" | replace "%21" "!" | replace "%27" "'" | replace "%28" "(" | replace "%29" ")" | replace "%2A" "*" -}}
{{- printf "%s%s/realms/%s" $host (regexReplaceAll "/+$" $path "") $realm -}}
{{- end -}}
{{- end }}

{{- define "scopelift.configMapOfLlamaStack" -}}
{{ .Values.llamaStack.config.existingConfigMap | default (printf "%s-llama-stack-config" (include "scopelift.fullname" .)) }}
{{- end }}

{{- define "scopelift.configMapOfPolicy" -}}
{{ .Values.policy.existingConfigMap | default (printf "%s-policy" (include "scopelift.fullname" .)) }}
{{- end }}

{{- define "scopelift.hasPolicyFile" -}}
{{- if or .Values.policy.file .Values.policy.existingConfigMap -}}true{{- end -}}
{{- end }}

{{- define "scopelift.configOfLlamaStack" -}}
{{- $port := printf "\n  port: %d\n" (int .Values.llamaStack.port) -}}
{{- .Values.llamaStack.config.content | default (.Files.Get "files/config.yaml" | replace "\n  port: 8321\n" $port) -}}
{{- end }}

{{/* The settings that are set, as text. Helm reads whole numbers as floating point ones, and would write 6e+05. */}}
{{- define "scopelift.settings" -}}
{{- $settings := dict -}}
{{- range $name, $value := .Values.settings -}}
{{- if kindIs "float64" $value -}}
{{- $_ := set $settings $name (int64 $value | toString) -}}
{{- else if not (or (kindIs "invalid" $value) (eq (toString $value) "")) -}}
{{- $_ := set $settings $name (toString $value) -}}
{{- end -}}
{{- end -}}
{{- if not (hasKey $settings "UPSTREAM_URL") -}}
{{- $_ := set $settings "UPSTREAM_URL" (printf "http://127.0.0.1:%d" (int .Values.llamaStack.port)) -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end }}

{{/* What the schema cannot say: settings that are missing, or contradict each other. */}}
{{- define "scopelift.check" -}}
{{- /* Not by kubeVersion in Chart.yaml: a helm that is built from source says 1.20.0 where it asks no cluster. */ -}}
{{- $cluster := .Capabilities.KubeVersion.Version -}}
{{- if and (semverCompare "<1.30.0-0" $cluster) (ne $cluster "v1.20.0") -}}
{{- fail (printf "Kubernetes %s is too old: native sidecars that stop last, and a pause before the app is stopped, need 1.30" $cluster) -}}
{{- end -}}
{{- $given := .Values.settings -}}
{{- $_ := required "settings.KEYCLOAK_SERVER_URL is missing: the base URL of Keycloak, e.g. https://keycloak.example.com" $given.KEYCLOAK_SERVER_URL -}}
{{- $_ := required "settings.KEYCLOAK_REALM is missing: the realm that issues the tokens" $given.KEYCLOAK_REALM -}}
{{- $_ := required "settings.KEYCLOAK_CLIENT_ID is missing: the client that sends the exchange" $given.KEYCLOAK_CLIENT_ID -}}
{{- $needed := add (mul 1000 (int .Values.preStopSeconds)) (int (default 25000 $given.SHUTDOWN_GRACE_MS)) -}}
{{- if le (mul 1000 (int .Values.terminationGracePeriodSeconds)) $needed -}}
{{- fail (printf "terminationGracePeriodSeconds (%d) must be more than preStopSeconds and settings.SHUTDOWN_GRACE_MS together (%d ms): the sidecar is stopped last, and would be cut" (int .Values.terminationGracePeriodSeconds) $needed) -}}
{{- end -}}
{{- if not (include "scopelift.issuer" .) -}}
{{- if and (eq .Values.clientAuthentication.method "federated_jwt") (not .Values.clientAuthentication.tokenAudience) -}}
{{- fail "settings.KEYCLOAK_ISSUER is missing: the token of the service account is for it, and it cannot be made of this settings.KEYCLOAK_SERVER_URL (nor is clientAuthentication.tokenAudience given)" -}}
{{- end -}}
{{- if not (or .Values.llamaStack.config.content .Values.llamaStack.config.existingConfigMap) -}}
{{- fail "settings.KEYCLOAK_ISSUER is missing: the chart's own llamaStack.config wants one, and it cannot be made of this settings.KEYCLOAK_SERVER_URL" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.policy.file .Values.policy.existingConfigMap -}}
{{- fail "policy.file and policy.existingConfigMap exclude each other" -}}
{{- end -}}
{{- if not (or $given.KEYCLOAK_AUDIENCE .Values.llamaStack.config.content .Values.llamaStack.config.existingConfigMap) -}}
{{- fail "settings.KEYCLOAK_AUDIENCE is missing: the chart's own llamaStack.config wants one" -}}
{{- end -}}
{{- $port := dig "server" "port" 0 (.Values.llamaStack.config.content | default "" | fromYaml) -}}
{{- if and (kindIs "float64" $port) (gt (int $port) 0) (ne (int $port) (int .Values.llamaStack.port)) -}}
{{- fail (printf "llamaStack.port (%d) is not the server.port (%d) of llamaStack.config.content" (int .Values.llamaStack.port) (int $port)) -}}
{{- end -}}
{{- if and .Values.llamaStack.config.content .Values.llamaStack.config.existingConfigMap -}}
{{- fail "llamaStack.config.content and llamaStack.config.existingConfigMap exclude each other" -}}
{{- end -}}
{{- end }}
