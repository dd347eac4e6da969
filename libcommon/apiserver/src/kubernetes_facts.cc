// The facts about the Kubernetes API as a part of the program's read-only
// data. Alone in its file: compilers' caches skip files that include others
// behind their back.
asm(".pushsection .rodata\n"
    ".balign 8\n"
    ".global weir_kubernetes_facts\n"
    "weir_kubernetes_facts:\n"
    ".incbin \"" WEIR_KUBERNETES_FACTS
    "\"\n"
    ".global weir_kubernetes_facts_end\n"
    "weir_kubernetes_facts_end:\n"
    ".byte 0\n"
    ".popsection\n");
