"""Go-live's stand-in: a payment system for many tenants, as it is before it is opened to them."""
