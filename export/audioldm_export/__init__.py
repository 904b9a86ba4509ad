"""Model definitions of AudioLDM and the writer of their weightless TorchScript archives."""
