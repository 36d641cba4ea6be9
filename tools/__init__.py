"""What a developer or CI runs from the checkout: environments, the engine, the demonstration, mutants."""
