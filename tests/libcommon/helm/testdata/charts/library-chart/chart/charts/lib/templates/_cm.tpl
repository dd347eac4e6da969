{{ define "lib.cm" }}kind: ConfigMap
name: {{ .Chart.Name }}{{ end }}