-- Who came in from a network: asked where somebody there guesses passwords, so that whose network it is gets in beside them.
create index login_place_network on login_place (network, account);
