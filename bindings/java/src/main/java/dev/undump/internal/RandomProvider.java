// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.SecureRandomParameters;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Stands before the JDK's own provider of random numbers with generators of the same names in the same order, each the JDK's own
 * behind {@link ReseedingRandom}. What asks for a provider by name still gets that one.
 */
final class RandomProvider extends Provider {
    private static final long serialVersionUID = 1;
    private static final String NAME = "Undump";
    private static final String KIND = "SecureRandom";

    /** The provider whose generators we hand out. */
    static final String JDK = "SUN";

    private RandomProvider(Provider jdk) {
        super(NAME, "1", "random numbers that no two launches of an image share");
        for (Service service : services(jdk)) {
            putService(new Reseeding(this, service));
        }
    }

    /**
     * Puts it in front, once.
     *
     * @return whether it stands there now; false on a JDK without the provider SUN
     */
    static synchronized boolean install() {
        Provider jdk = Security.getProvider(JDK);
        if (jdk == null || services(jdk).isEmpty()) {
            return false;
        }
        if (Security.getProvider(NAME) == null) {
            Security.insertProviderAt(new RandomProvider(jdk), 1);
        }
        return true;
    }

    /** The first is the default of {@code new SecureRandom()}. */
    private static List<Service> services(Provider jdk) {
        List<Service> services = new ArrayList<>();
        String first = new SecureRandom().getAlgorithm();
        for (Service service : jdk.getServices()) {
            if (service.getType().equals(KIND)) {
                services.add(service.getAlgorithm().equals(first) ? 0 : services.size(), service);
            }
        }
        return services;
    }

    private static final class Reseeding extends Service {
        Reseeding(Provider ours, Service service) {
            super(ours, KIND, service.getAlgorithm(), ReseedingRandom.class.getName(), null,
                    // SecureRandom need not lock around us: the generator behind us does what it needs.
                    Map.of("ThreadSafe", "true", "ImplementedIn", "Software"));
        }

        @Override
        public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
            try {
                return new ReseedingRandom(parameter == null
                        ? SecureRandom.getInstance(getAlgorithm(), JDK)
                        : SecureRandom.getInstance(getAlgorithm(), (SecureRandomParameters) parameter, JDK));
            } catch (NoSuchAlgorithmException e) {
                throw e;
            } catch (GeneralSecurityException e) {
                throw new NoSuchAlgorithmException(e);
            }
        }
    }
}
