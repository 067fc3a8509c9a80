"""The decoder and the layers that it is made of: the only place with `nn.Module`."""
