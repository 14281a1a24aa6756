-- Up to which number all units of a kind have a vector of a space, so that looking for those without one need not go
-- through all that a person ever said. It only rises: new units get higher numbers, and a replaced turn, which needs no
-- vector, never becomes current again.
CREATE TABLE embedded (
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    space  INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    upto   INTEGER NOT NULL,
    PRIMARY KEY (tenant, person, space, kind)
) STRICT, WITHOUT ROWID;
