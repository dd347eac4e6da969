module weir.dev/scripts/kubernetes-facts

go 1.22
