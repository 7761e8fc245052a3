"""Language models: how one is asked, and the engines that ask them. Imported only where the settings name a model."""
