"""The proof on a real GPU, step by step: `tools/gpu_proof.sh` runs it. Standard library only."""
