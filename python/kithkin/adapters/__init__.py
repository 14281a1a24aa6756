"""The memory behind the interfaces of other libraries, each of which has to be installed for its module alone."""
